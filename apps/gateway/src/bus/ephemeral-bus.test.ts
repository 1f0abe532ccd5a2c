import { createLogger } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { Connection } from '../connections/connection';
import { EphemeralBus, ephemeralAdapter } from './ephemeral-bus';

const log = createLogger({ name: 'test', level: 'silent' });
const typing = { conversation_id: 'cnv_1', identity_id: 'usr_2', typing: true } as const;

/** A bus of the gateway `here`, over a Redis whose answers are given by hand, and what its only connection is told. */
function create(where: Record<string, string> = {}) {
  const waiting: { channel: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const published: string[] = [];
  const subscriber = {
    on: () => undefined,
    ssubscribe: (channel: string) =>
      new Promise<void>((resolve, reject) => waiting.push({ channel, resolve, reject })),
    sunsubscribe: () => Promise.resolve(),
  } as unknown as Redis;
  const publisher = {
    spublish: (channel: string) => Promise.resolve(published.push(channel)),
  } as unknown as Redis;
  const told: unknown[] = [];
  const sendEphemeral = (...frame: unknown[]) => told.push(frame);
  const connection = { sendEphemeral } as unknown as Connection;
  const bus = new EphemeralBus(
    new Server(),
    ephemeralAdapter({ publisher, subscriber }, 'am', log),
    {
      ...{ gatewayId: 'here', log },
      connections: { get: (id) => (id === 'usr_1' || id === 'usr_2' ? connection : undefined) },
      gatewaysOf: (ids) =>
        Promise.resolve(new Map(ids.map((id) => [where[id] ?? 'nowhere', [id]] as const))),
    },
  );
  return { bus, waiting, published, told };
}
const soon = () => new Promise(setImmediate);

test('it has started when Redis says that the room of this gateway is subscribed to', async () => {
  const { bus, waiting } = create();
  const steps: string[] = [];
  const started = bus.start().then(() => steps.push('started'));
  const own = waiting.find(({ channel }) => channel.includes('here'));
  for (const one of waiting) if (one !== own) one.resolve();
  await soon();
  steps.push('subscribed');
  own?.resolve();
  await started;
  expect(steps).toEqual(['subscribed', 'started']);
});

test('a gateway that would hear nothing does not start', async () => {
  const { bus, waiting } = create();
  const started = bus.start();
  for (const { reject } of waiting) reject(new Error('Command timed out'));
  await expect(started).rejects.toThrow('Command timed out');
});

test('who is connected here is told at once, another gateway is told in its room', async () => {
  const { bus, published, told } = create({ usr_1: 'here', usr_3: 'there' });
  bus.emit(['usr_1', 'usr_3'], 'typing', typing);
  await soon();
  expect(told).toEqual([['typing', typing]]);
  expect(published).toEqual(['am:io#/ephemeral#there#']);
});

test('what is told of an identity to itself is heard by its gateway alone', async () => {
  const { bus, told } = create({ usr_2: 'here' });
  const heard: unknown[] = [];
  bus.onOwn('typing', (_connection, payload) => heard.push(payload));
  bus.emit(['usr_2'], 'typing', typing);
  await soon();
  expect(heard).toEqual([typing]);
  expect(told).toEqual([]);
});
