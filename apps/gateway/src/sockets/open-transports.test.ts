import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { OpenTransports } from './open-transports';

test('there is room for as many as may connect and a thousand strangers', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 2, MAX_CONNECTIONS_PER_IP: 10 });
  const open = Array.from({ length: 1_002 }, (_, n) => {
    const transport = new PassThrough();
    transports.take(`10.0.${n >> 8}.${n & 255}`, transport);
    return transport;
  });
  expect(() => transports.take('192.0.2.9', new PassThrough())).toThrow('no connections now');
  open[0]?.destroy();
  await once(open[0] ?? new PassThrough(), 'close');
  transports.take('192.0.2.9', new PassThrough());
  expect(() => transports.take('192.0.2.9', new PassThrough())).toThrow('no connections now');
});

test('of one address there are so many, and what is refused does not count', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 2 });
  const [first, second] = [new PassThrough(), new PassThrough()];
  transports.take('192.0.2.1', first);
  transports.take('192.0.2.1', second);
  for (let n = 0; n < 3; n += 1) {
    expect(() => transports.take('192.0.2.1', new PassThrough())).toThrow('Too many connections');
  }
  transports.take('192.0.2.9', new PassThrough());
  second.destroy();
  await once(second, 'close');
  transports.take('192.0.2.1', new PassThrough());
  expect(() => transports.take('192.0.2.1', new PassThrough())).toThrow('Too many connections');
});

test('addresses of one IPv6 network are one, an IPv4 address is one however it is written', () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 1 });
  transports.take('2001:db8::1', new PassThrough());
  expect(() => transports.take('2001:db8::ffff:1', new PassThrough())).toThrow(
    'Too many connections',
  );
  transports.take('2001:db8:0:1::1', new PassThrough());
  transports.take('::ffff:192.0.2.1', new PassThrough());
  expect(() => transports.take('192.0.2.1', new PassThrough())).toThrow('Too many connections');
});

test('the networks of one IPv6 site have eight times the room of one of them together', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 1 });
  const open = Array.from({ length: 8 }, (_, n) => {
    const transport = new PassThrough();
    transports.take(`2001:db8:0:${n}::1`, transport);
    return transport;
  });
  expect(() => transports.take('2001:db8:0:9::1', new PassThrough())).toThrow(
    'Too many connections',
  );
  transports.take('2001:db8:1::1', new PassThrough());
  open[0]?.destroy();
  await once(open[0] ?? new PassThrough(), 'close');
  transports.take('2001:db8:0:9::1', new PassThrough());
});
