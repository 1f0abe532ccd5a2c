import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import { OpenTransports } from './open-transports';

test('there is room for as many as may connect and a thousand strangers', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 2, MAX_CONNECTIONS_PER_IP: 10 });
  const open = Array.from({ length: 1_002 }, (_, n) => {
    const transport = new PassThrough();
    expect(transports.take(`ip${n}`, transport)).toBeUndefined();
    return transport;
  });
  expect(transports.take('another', new PassThrough())).toBe('503 Service Unavailable');
  open[0]?.destroy();
  await once(open[0] ?? new PassThrough(), 'close');
  expect(transports.take('another', new PassThrough())).toBeUndefined();
  expect(transports.take('another', new PassThrough())).toBe('503 Service Unavailable');
});

test('of one address there are so many, and what is refused does not count', async () => {
  const transports = new OpenTransports({ MAX_CONNECTIONS: 100, MAX_CONNECTIONS_PER_IP: 2 });
  const [first, second] = [new PassThrough(), new PassThrough()];
  expect(transports.take('ip', first)).toBeUndefined();
  expect(transports.take('ip', second)).toBeUndefined();
  for (let n = 0; n < 3; n += 1) {
    expect(transports.take('ip', new PassThrough())).toBe('429 Too Many Requests');
  }
  expect(transports.take('another', new PassThrough())).toBeUndefined();
  second.destroy();
  await once(second, 'close');
  expect(transports.take('ip', new PassThrough())).toBeUndefined();
  expect(transports.take('ip', new PassThrough())).toBe('429 Too Many Requests');
});
