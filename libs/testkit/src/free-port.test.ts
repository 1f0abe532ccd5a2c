import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { freePort } from './free-port';

const ports = (count: number) => Promise.all(Array.from({ length: count }, () => freePort()));

test('any port is given once, and is none that the system gives to others', async () => {
  const given = await ports(200);
  if (process.platform !== 'linux') return;
  expect(new Set(given).size).toBe(200);
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [lowest = 0] = range.trim().split(/\s+/).map(Number);
  // Beside its own a Redis of a cluster has one that is 10,000 above it.
  expect(Math.max(...given) + 10_000).toBeLessThan(lowest);
});

test('a port in use is refused', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(freePort(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  server.close();
  await once(server, 'close');
});
