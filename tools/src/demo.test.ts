import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDemo, type Demo } from './demo';

const last: Demo = {
  username: 'demo',
  password: 'password',
  agent: { id: 'agt_01890a5d-ac96-774b-bcce-b302099a8057', name: 'Echo', api_key: 'key' },
};

describe('ensureDemo', () => {
  let dir: string;
  let file: string;
  let server: Server;
  let statuses: Record<string, number>;
  const ensure = (): Promise<Demo> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return ensureDemo(url, { url, key: 'admin' }, file);
  };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'am-demo-'));
    file = join(dir, 'demo.json');
    statuses = { '/auth/login': 200, '/auth/agent/token': 200, '/admin/users': 201 };
    server = createServer((request, response) => {
      response.statusCode = statuses[request.url ?? ''] ?? 404;
      response.end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });

  it.each([200, 429, 503])('keeps what it has when a login is answered %d', async (status) => {
    writeFileSync(file, JSON.stringify(last));
    statuses['/auth/login'] = statuses['/auth/agent/token'] = status;
    expect(await ensure()).toEqual(last);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(last);
  });

  it('makes a new person when the old one is refused, in a file that is only its owner’s', async () => {
    writeFileSync(file, JSON.stringify(last), { mode: 0o644 });
    statuses['/auth/login'] = 401;
    const { username, password, agent } = await ensure();
    expect({ username, agent }).toEqual({ username: 'demo', agent: last.agent });
    expect(password).not.toBe(last.password);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['demo.json']);
  });

  it.each(['', '{}', 'null', '{"username":"demo","password":"x","agent":{}}'])(
    'does not trip over a file with %j',
    async (text) => {
      writeFileSync(file, text);
      statuses['/admin/users'] = 403;
      await expect(ensure()).rejects.toThrow('register: 403 {}');
    },
  );
});
