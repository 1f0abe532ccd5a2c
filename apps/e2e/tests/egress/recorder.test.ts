import { spawnSync } from 'node:child_process';
import { findRoot } from '@agent-messenger/testkit';
import type { Contact } from './recorded';
import { record } from './recorded';

/** What this program reaches out to; nobody is there. */
function contactsOf(code: string): string[] {
  const recording = record();
  const program = `process.on('uncaughtException', () => {});
    process.on('unhandledRejection', () => {});
    ${code}`;
  const assignments = Object.entries(recording.env).map(([name, value]) => `${name}=${value}`);
  const { status, stderr } = spawnSync('env', [...assignments, process.execPath, '-e', program], {
    cwd: findRoot(),
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const contacts: Contact[] = recording.contacts();
  recording.remove();
  // It records at all.
  expect(contacts.some(({ kind }) => kind === 'start')).toBe(true);
  return contacts
    .filter(({ kind }) => kind !== 'start')
    .map(({ kind, target }) => `${kind} ${target}`);
}

const TCP = 'tcp 127.0.0.1:9009';

test.each<[string, string, string]>([
  ['a TCP connection', `require('net').connect(9009, '127.0.0.1')`, TCP],
  ['one with options', `require('net').connect({ port: 9009, host: '127.0.0.1' })`, TCP],
  ['one of a socket made before', `new (require('net').Socket)().connect(9009, '127.0.0.1')`, TCP],
  ['TLS', `require('tls').connect({ port: 9009, host: '127.0.0.1' })`, TCP],
  ['HTTP', `require('http').get('http://127.0.0.1:9009/')`, TCP],
  ['HTTPS', `require('https').get('https://127.0.0.1:9009/')`, TCP],
  ['HTTP/2', `require('http2').connect('https://127.0.0.1:9009')`, TCP],
  ['fetch', `fetch('http://127.0.0.1:9009')`, TCP],
  ['a WebSocket', `new (require('ws'))('ws://127.0.0.1:9009')`, TCP],
  ['undici', `require('undici').request('http://127.0.0.1:9009')`, TCP],
  ['ioredis', `new (require('ioredis'))(9009, '127.0.0.1', { retryStrategy: () => null })`, TCP],
  ['an import', `import('node:net').then(({ connect }) => connect(9009, '127.0.0.1'))`, TCP],
  [
    'a worker',
    `new (require('worker_threads').Worker)("require('net').connect(9009, '127.0.0.1')", { eval: true })`,
    TCP,
  ],
  [
    'a child',
    `require('child_process').spawn(process.execPath, ['-e', "require('net').connect(9009, '127.0.0.1')"])`,
    TCP,
  ],
  ['a pipe', `require('net').connect('/nowhere')`, 'pipe /nowhere'],
  ['a name', `require('dns').lookup('localhost', () => {})`, 'dns localhost'],
  ['a name, promised', `require('dns').promises.lookup('localhost')`, 'dns localhost'],
  ['a name that fetch looks up', `fetch('http://localhost:9009')`, 'dns localhost'],
  ['another question to DNS', `require('dns').resolveTxt('localhost', () => {})`, 'dns localhost'],
  [
    'a resolver',
    `new (require('dns').Resolver)().resolve4('localhost', () => {})`,
    'dns localhost',
  ],
  [
    'UDP',
    `const u = require('dgram').createSocket('udp4'); u.send('x', 9, '127.0.0.1', () => u.close())`,
    'udp 9 127.0.0.1',
  ],
  ['a program', `require('child_process').execFile('true')`, 'program true'],
])('the recorder notices %s', (_what, code, contact) => {
  expect(contactsOf(code)).toContain(contact);
});

test('who reaches out to nobody is not said to', () => {
  expect(
    contactsOf(
      'require("http").createServer().listen(0, "127.0.0.1", function () { this.close() })',
    ),
  ).toEqual([]);
});
