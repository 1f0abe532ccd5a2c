import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findPostgres,
  hasPgBouncer,
  LaunchError,
  runsHere,
  startPgBouncer,
  startPostgres,
} from '../src';

const programs = findPostgres();

/** What psql prints of a statement, without any decoration. */
function ask(url: string, statement: string): string {
  const psql = join(programs?.bin ?? '', 'psql');
  return execFileSync(psql, [url, '-Atqc', statement], { encoding: 'utf8', stdio: 'pipe' }).trim();
}

(runsHere(programs !== undefined) ? describe : describe.skip)('startPostgres', () => {
  it('keeps what was committed over a crash and a restart, on its port', async () => {
    const postgres = await startPostgres();
    try {
      const { port, url } = postgres;
      ask(url, 'CREATE TABLE t (n int); INSERT INTO t VALUES (1)');
      await postgres.kill();
      expect(postgres.pid).toBeUndefined();
      await postgres.start();
      ask(url, 'INSERT INTO t VALUES (2)');
      await postgres.restart();
      expect(ask(url, 'SELECT sum(n) FROM t')).toBe('3');
      expect(postgres.port).toBe(port);
    } finally {
      await postgres.stop();
    }
  });

  it('asks for the password, and gives the product a role of no privilege', async () => {
    const dir = join(mkdtempSync(join(tmpdir(), 'am-postgres-')), 'data');
    const postgres = await startPostgres({ dir, password: 'a1b2', durable: true });
    try {
      expect(postgres.url).toContain('a1b2');
      const roles = 'SELECT rolname, rolsuper FROM pg_roles WHERE rolcanlogin ORDER BY 1';
      expect(ask(postgres.url, roles)).toBe('messenger|f\npostgres|t');
      expect(ask(postgres.adminUrl, 'SHOW fsync')).toBe('on');
      expect(ask(postgres.adminUrl, 'SHOW server_encoding')).toBe('UTF8');
      const wrong = postgres.url.replace('a1b2', 'guess');
      expect(() => ask(wrong, 'SELECT 1')).toThrow(/password authentication failed/);
    } finally {
      await postgres.stop();
      rmSync(join(dir, '..'), { recursive: true });
    }
  });

  it('cuts connections when it is stopped, and tells of an end that nobody asked for', async () => {
    let crashed: (reason: string) => void = () => undefined;
    const crash = new Promise<string>((resolve) => (crashed = resolve));
    const postgres = await startPostgres({ onCrash: crashed });
    const socket = createConnection(postgres.port, '127.0.0.1');
    await once(socket, 'connect');
    await postgres.restart();
    if (!socket.closed) await once(socket.resume(), 'close');
    process.kill(postgres.pid!, 'SIGQUIT');
    expect(await crash).toBe('exit code 0');
    await postgres.stop();
  });

  it('says why it does not start', async () => {
    const start = startPostgres({ settings: { shared_buffers: 'many' } });
    await expect(start).rejects.toThrow(LaunchError);
    await expect(start).rejects.toThrow(/invalid value for parameter "shared_buffers"/);
  });
});

const hasBoth = programs !== undefined && hasPgBouncer();
(runsHere(hasBoth) ? describe : describe.skip)('startPgBouncer', () => {
  it('gives a connection of the server to another client after each transaction', async () => {
    const postgres = await startPostgres();
    const bouncer = await startPgBouncer(postgres.url, { poolSize: 1 });
    try {
      const psql = spawn(join(programs?.bin ?? '', 'psql'), [bouncer.url, '-Atq']);
      const answer = async (statement: string): Promise<string> => {
        psql.stdin.write(`${statement};\n`);
        return String(((await once(psql.stdout, 'data')) as [Buffer])[0]).trim();
      };
      const backend = await answer('SELECT pg_backend_pid()');
      // This client is still connected; the other one uses what it does not.
      expect(ask(bouncer.url, 'SELECT pg_backend_pid()')).toBe(backend);
      expect(await answer('SELECT 1')).toBe('1');
      psql.stdin.end();
      await once(psql, 'close');
    } finally {
      await bouncer.stop();
      await postgres.stop();
    }
  });
});
