import { createConnection } from 'node:net';
import { once } from 'node:events';
import { startRedis, type RedisProcess } from '../src';

/** One inline command, its raw answer. */
async function ask(redis: RedisProcess, command: string): Promise<string> {
  const socket = createConnection(redis.port, '127.0.0.1');
  socket.write(`${command}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString();
}

describe('startRedis', () => {
  it('is durable, refuses to evict, and keeps its data over kill and restart, unless told otherwise', async () => {
    const redis = await startRedis();
    try {
      const { port } = redis;
      expect(port).not.toBe(6379);
      expect(await ask(redis, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
      expect(await ask(redis, 'CONFIG GET appendonly')).toContain('yes');
      expect(await ask(redis, 'INFO server')).toContain(`process_id:${redis.pid}`);

      await ask(redis, 'SET key value');
      await redis.restart();
      expect(await ask(redis, 'GET key')).toContain('value');
      await redis.kill();
      expect(redis.pid).toBeUndefined();
      await redis.start();
      expect(redis.port).toBe(port);

      await redis.restart({ empty: true });
      expect(await ask(redis, 'GET key')).toBe('$-1\r\n');
      await ask(redis, 'SET key value');
      await redis.kill();
      await redis.start({ empty: true });
      expect(await ask(redis, 'GET key')).toBe('$-1\r\n');
    } finally {
      await redis.stop();
    }
  });

  it('tells of an end that nobody asked for', async () => {
    let crashed: (reason: string) => void = () => undefined;
    const crash = new Promise<string>((resolve) => (crashed = resolve));
    const redis = await startRedis({ onCrash: crashed });
    process.kill(redis.pid!, 'SIGKILL');
    expect(await crash).toBe('SIGKILL');
    await redis.stop();
  });
});
