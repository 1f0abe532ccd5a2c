import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rest } from './rest';

let server: Server;
let url: string;
let answer: { status: number; body: unknown };

const problem = (code: string, status: number) => ({
  status,
  body: { type: 'about:blank', title: code, status, code },
});

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(answer.status).end(JSON.stringify(answer.body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it.each([
  ['PATCH', '/conversations/cnv_1', problem('forbidden', 403)],
  ['POST', '/conversations', problem('conflict', 409)],
  ['GET', '/conversations?limit=x', problem('invalid_payload', 400)],
  // Not on this port.
  ['GET', '/admin/status', problem('not_found', 404)],
  ['GET', '/somewhere', problem('conflict', 409)],
  ['GET', '/readyz', { status: 503, body: { status: 'draining' } }],
])('%s %s: %j is passed on', async (method, path, given) => {
  answer = given;
  await expect(rest(url, method, path)).resolves.toEqual(given);
});

it.each([
  ['GET', '/conversations/cnv_1', problem('forbidden', 403)],
  ['POST', '/conversations', problem('replaced', 409)],
  ['GET', '/push/config?a=b', problem('invalid_payload', 400)],
  ['POST', '/conversations', { status: 409, body: {} }],
])('%s %s: %j is not documented', async (method, path, given) => {
  answer = given;
  await expect(rest(url, method, path)).rejects.toThrow(/is not documented/);
});
