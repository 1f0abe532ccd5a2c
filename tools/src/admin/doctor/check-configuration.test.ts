import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfiguration } from './check-configuration';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'am-configuration-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const levels = (service: string, here: string) =>
  checkConfiguration(service, {}, here).map(({ level, found }) => [level, found]);

test('in the image of messages nothing is said about other services', () => {
  writeFileSync(join(folder, 'main.js'), 'process.exit(0)');
  expect(levels('messages', folder)).toEqual([['ok', 'complete']]);
  expect(levels('gateway', folder)).toEqual([['fail', 'this is no service that is here']]);
});

test('in a checkout each service judges for itself', () => {
  const dist = join(folder, 'apps', 'gateway', 'dist');
  mkdirSync(dist, { recursive: true });
  const problems = 'configuration:\\n  PORT: is required\\n  HOST: is required';
  writeFileSync(join(dist, 'main.js'), `console.error('${problems}'); process.exit(1)`);
  const here = join(folder, 'tools', 'dist');
  expect(levels('gateway', here)).toEqual([
    ['fail', 'PORT: is required'],
    ['fail', 'HOST: is required'],
  ]);
  writeFileSync(join(dist, 'main.js'), 'process.exit(1)');
  expect(levels('gateway', here)).toEqual([['fail', 'it does not say']]);
});
