import { connectRedis, Scope } from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import type { Redis } from 'ioredis';
import { withStreamScripts, type StreamRedis } from '../src/streams/stream-scripts';
import { silent } from './fakes';

/** What writes streams and what hears of them, for the tests of one file; there once they run. */
export interface StreamConnections {
  redis: StreamRedis;
  subscriber: Redis;
}

/** A Redis of their own. */
export function useStreamRedis(): StreamConnections {
  const scope = new Scope(silent);
  const connections = {} as StreamConnections;
  beforeAll(async () => {
    const server = await startRedis();
    scope.defer('redis', () => server.stop());
    const connect = (name: string) => connectRedis(server.url, { name, log: silent, scope });
    connections.redis = withStreamScripts(await connect('writer'));
    connections.subscriber = await connect('subscriber');
  });
  afterAll(() => scope.close());
  return connections;
}
