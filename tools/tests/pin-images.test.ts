import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(__dirname, '../../deploy/pin-images.sh');

/** A `docker` that knows one digest for every image, or none. */
function engine(suffix: string): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'pin-images-'));
  const body = `#!/bin/sh\n[ "$1" = pull ] && exit 0\nfor last; do :; done\necho "$last${suffix}"\n`;
  writeFileSync(join(folder, 'docker'), body, { mode: 0o755 });
  return { PATH: `${folder}:/usr/bin:/bin` };
}

test('every base image has its line, as compose reads it', () => {
  const env = engine('@sha256:0123');
  expect(execFileSync('sh', [script], { env, encoding: 'utf8' }).trim().split('\n')).toEqual([
    'NODE_IMAGE=node:24-bookworm@sha256:0123',
    'NODE_SLIM_IMAGE=node:24-bookworm-slim@sha256:0123',
    'REDIS_IMAGE=redis:7-bookworm@sha256:0123',
    'NGINX_IMAGE=nginx:1-bookworm@sha256:0123',
    'POSTGRES_IMAGE=postgres:15-bookworm@sha256:0123',
  ]);
});

test('an image that comes from no registry ends it, and no line is printed', () => {
  const { status, stdout, stderr } = spawnSync('sh', [script], {
    env: engine(''),
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('no digest');
});
