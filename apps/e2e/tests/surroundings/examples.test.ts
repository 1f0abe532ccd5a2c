import { LIFTED_LIMITS, PYTHON, runsHere, startStack, type Stack } from '@agent-messenger/testkit';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveThrough, ONE_WRONG_KEY } from '../examples/live-through';
import type { Example } from '../examples/run-example';

const folder = mkdtempSync(join(tmpdir(), 'am-examples-'));
const GO_CODE = '/usr/share/gocode';
const GSON = '/usr/share/java/gson.jar';

/** Whose toolchains are too large for every run of the tests. */
const EXAMPLES: Example[] = [
  {
    name: 'Go: gorilla/websocket',
    file: 'go-gorilla-agent/agent.go',
    command: '/usr/bin/go',
    args: ['run'],
    env: {
      ...{ PATH: '/usr/bin:/bin', HOME: folder, GOCACHE: join(folder, 'go-cache') },
      ...{ GO111MODULE: 'off', GOPATH: GO_CODE, GOFLAGS: '-p=2' },
    },
    needs: ['/usr/bin/go', `${GO_CODE}/src/github.com/gorilla/websocket`],
  },
  {
    name: 'Java: java.net.http',
    file: 'java-agent/Agent.java',
    command: '/usr/bin/java',
    args: ['-cp', GSON],
    needs: ['/usr/bin/javac', GSON],
  },
  {
    name: 'Ruby: faye-websocket',
    file: 'ruby-faye-agent/agent.rb',
    command: '/usr/bin/ruby',
    env: { LANG: 'C.UTF-8' },
    needs: ['/usr/lib/ruby/vendor_ruby/faye/websocket.rb'],
  },
  {
    name: 'Qt 6: QWebSocket',
    file: 'qt-agent/agent.py',
    command: PYTHON,
    needs: ['/usr/lib/python3/dist-packages/PyQt6/QtWebSockets.abi3.so'],
  },
];

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { gateway: LIFTED_LIMITS, auth: ONE_WRONG_KEY } });
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
}, 60_000);

for (const example of EXAMPLES) {
  const { concurrent } = test;
  (runsHere(example.needs.every(existsSync)) ? concurrent : concurrent.skip)(
    `${example.name} lives through what networks do`,
    () => liveThrough(example, stack),
    300_000,
  );
}
