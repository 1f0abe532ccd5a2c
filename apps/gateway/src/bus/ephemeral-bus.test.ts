import { createLogger } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { Connection } from '../connections/connection';
import { EphemeralBus, ephemeralAdapter } from './ephemeral-bus';

const log = createLogger({ name: 'test', level: 'silent' });
const connection = {
  id: 'connection-1',
  identity: { id: 'usr_1', kind: 'user' },
} as unknown as Connection;

/** A Redis whose answers to subscriptions are given by hand. */
function create() {
  const waiting: { channel: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const subscriber = {
    on: () => undefined,
    ssubscribe: (channel: string) =>
      new Promise<void>((resolve, reject) => waiting.push({ channel, resolve, reject })),
    sunsubscribe: () => Promise.resolve(),
  } as unknown as Redis;
  const adapter = ephemeralAdapter({ publisher: {} as Redis, subscriber }, 'am', log);
  return { bus: new EphemeralBus(new Server(), adapter), waiting };
}

test('who joins has joined when Redis says so: until then nothing would be heard', async () => {
  const { bus, waiting } = create();
  const steps: string[] = [];
  const joined = bus.join(connection).then(() => steps.push('joined'));
  const own = waiting.find(({ channel }) => channel.includes('usr_1'));
  for (const one of waiting) if (one !== own) one.resolve();
  await new Promise(setImmediate);
  steps.push('subscribed');
  own?.resolve();
  await joined;
  expect(steps).toEqual(['subscribed', 'joined']);
});

test('without Redis nobody waits for ever', async () => {
  const { bus, waiting } = create();
  const joined = bus.join(connection);
  for (const { reject } of waiting) reject(new Error('Command timed out'));
  await joined;
});
