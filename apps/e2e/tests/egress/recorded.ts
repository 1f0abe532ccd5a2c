import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a process reached out to. */
export interface Contact {
  /** The file that was run. */
  program: string;
  kind: 'start' | 'tcp' | 'pipe' | 'udp' | 'dns' | 'program';
  target: string;
}

export interface Recording {
  /** For the processes to be recorded. */
  env: Record<string, string>;
  contacts(): Contact[];
  remove(): void;
}

/** Records what processes reach out to that are started with this environment, and those that they start. */
export function record(): Recording {
  const folder = mkdtempSync(join(tmpdir(), 'am-egress-'));
  return {
    env: {
      NODE_OPTIONS: `--require=${join(__dirname, 'record-connections.cjs')}`,
      RECORD_CONNECTIONS: folder,
    },
    contacts: () =>
      readdirSync(folder)
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Contact),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
