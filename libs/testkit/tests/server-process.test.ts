import { spawnGuarded } from '../src/guarded-server';
import { createServerProcess } from '../src/server-process';

/** What it says when it finds its port taken, as PostgreSQL does: first why, then what follows from it. */
const TAKEN = [
  'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use',
  'HINT:  Is another postmaster already running?',
  'WARNING:  could not create listen socket for "127.0.0.1"',
  'FATAL:  could not create any TCP/IP sockets',
  'LOG:  database system is shut down',
].join('\n');

/** A server that finds so many ports taken. */
function create(taken: number) {
  const ports: number[] = [];
  const server = createServerProcess({
    name: 'server',
    spawn(port) {
      ports.push(port);
      const isTaken = ports.length <= taken;
      const script = isTaken ? `echo '${TAKEN}' >&2; exit 1` : 'echo it accepts; exec sleep 60';
      return spawnGuarded({ programs: ['sh'], args: ['-c', script], endsBy: 'TERM' });
    },
    readyWhen: 'it accepts',
    missing: 'there is no sh',
  });
  return { server, ports };
}

test('a port that another process was faster to take is another one next', async () => {
  const { server, ports } = create(2);
  await server.start();
  expect(ports).toHaveLength(3);
  expect(server.port).toBe(ports[2]);
  await server.end('SIGTERM');
});

test('after some that were taken it gives up, with the reason', async () => {
  const { server, ports } = create(99);
  await expect(server.start()).rejects.toThrow(/^server did not start: .*is shut down$/);
  expect(ports).toHaveLength(5);
});

test('the one that it had once is its own', async () => {
  const { server, ports } = create(0);
  await server.start();
  await server.end('SIGTERM');
  await server.start();
  expect(ports).toEqual([server.port, server.port]);
  await server.end('SIGTERM');
});
