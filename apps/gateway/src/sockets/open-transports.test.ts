import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { OpenTransports } from './open-transports';

test('there is room for as many as may connect and a thousand strangers', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 2, MAX_CONNECTIONS_PER_IP: 10 });
  const open = Array.from({ length: 1_002 }, (_, n) => {
    const transport = new PassThrough();
    expect(transports.take(`10.0.${n >> 8}.${n & 255}`, transport)).toBeUndefined();
    return transport;
  });
  expect(transports.take('192.0.2.9', new PassThrough())).toBe('503 Service Unavailable');
  open[0]?.destroy();
  await once(open[0] ?? new PassThrough(), 'close');
  expect(transports.take('192.0.2.9', new PassThrough())).toBeUndefined();
  expect(transports.take('192.0.2.9', new PassThrough())).toBe('503 Service Unavailable');
});

test('of one address there are so many, and what is refused does not count', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 2 });
  const [first, second] = [new PassThrough(), new PassThrough()];
  expect(transports.take('192.0.2.1', first)).toBeUndefined();
  expect(transports.take('192.0.2.1', second)).toBeUndefined();
  for (let n = 0; n < 3; n += 1) {
    expect(transports.take('192.0.2.1', new PassThrough())).toBe('429 Too Many Requests');
  }
  expect(transports.take('192.0.2.9', new PassThrough())).toBeUndefined();
  second.destroy();
  await once(second, 'close');
  expect(transports.take('192.0.2.1', new PassThrough())).toBeUndefined();
  expect(transports.take('192.0.2.1', new PassThrough())).toBe('429 Too Many Requests');
});

test('addresses of one IPv6 network are one, an IPv4 address is one however it is written', () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 1 });
  expect(transports.take('2001:db8::1', new PassThrough())).toBeUndefined();
  expect(transports.take('2001:db8::ffff:1', new PassThrough())).toBe('429 Too Many Requests');
  expect(transports.take('2001:db8:0:1::1', new PassThrough())).toBeUndefined();
  expect(transports.take('::ffff:192.0.2.1', new PassThrough())).toBeUndefined();
  expect(transports.take('192.0.2.1', new PassThrough())).toBe('429 Too Many Requests');
});
