import {
  findRoot,
  LIFTED_LIMITS,
  PYTHON,
  runsHere,
  startStack,
  type Stack,
} from '@agent-messenger/testkit';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveThrough, ONE_WRONG_KEY } from './examples/live-through';
import type { Example } from './examples/run-example';

const PACKAGES = '/usr/lib/python3/dist-packages';
const { versions } = JSON.parse(
  readFileSync(join(findRoot(), 'tools/lib/node-versions.json'), 'utf8'),
) as { versions: string[] };

const EXAMPLES: Example[] = [
  {
    name: 'Python: websockets',
    file: 'python-agent/agent.py',
    command: PYTHON,
    needs: [`${PACKAGES}/websockets`],
  },
  {
    name: 'Python: aiohttp',
    file: 'python-aiohttp-agent/agent.py',
    command: PYTHON,
    needs: [`${PACKAGES}/aiohttp`],
  },
  // It has a WebSocket of its own from 22 on.
  ...versions
    .filter((version) => !version.startsWith('20.'))
    .map((version) => {
      const command = join(
        findRoot(),
        `node_modules/.cache/node-versions/${version}/node_modules/node/bin/node`,
      );
      const name = `Node ${version}`;
      return { name, file: 'node-agent/agent.mjs', command, needs: [command] };
    }),
  {
    name: 'Perl: Mojolicious',
    file: 'perl-mojo-agent/agent.pl',
    command: '/usr/bin/perl',
    needs: ['/usr/share/perl5/Mojolicious.pm'],
  },
];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { gateway: LIFTED_LIMITS, auth: ONE_WRONG_KEY } });
}, 60_000);
afterAll(() => stack.stop(), 60_000);

for (const example of EXAMPLES) {
  const { concurrent } = test;
  (runsHere(example.needs.every(existsSync)) ? concurrent : concurrent.skip)(
    `${example.name} lives through what networks do`,
    () => liveThrough(example, stack),
    240_000,
  );
}
