import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRest } from '../src';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

/** A gateway that has read the whole request when it answers. */
async function serve(answer: Answer): Promise<{ url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(body);
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
}

const loseAnswer: Answer = (request) => request.socket.destroy();
const answerWith =
  (status: number, body: string): Answer =>
  (_, response) =>
    response.writeHead(status).end(body);

describe('an answer that is lost', () => {
  async function pair() {
    const lost = await serve(loseAnswer);
    const good = await serve(answerWith(200, '{}'));
    return { lost, good, rest: createRest([lost.url, good.url]) };
  }
  const params = { conversation_id: 'cnv_1' };
  const agent_id = 'agt_1' as `agt_${string}`;

  it('is asked for at another gateway, with the same refresh token', async () => {
    const { lost, good, rest } = await pair();
    await rest.request('refresh', { body: { refresh_token: 'r1' } });
    expect(lost.bodies).toEqual(['{"refresh_token":"r1"}']);
    expect(good.bodies).toEqual(lost.bodies);
  });

  it('is asked for again when a client_id makes that safe', async () => {
    const { good, rest } = await pair();
    await rest.request('createConversation', { body: { agent_id, client_id: 'c1' } });
    expect(good.bodies).toHaveLength(1);
  });

  it('is not asked for again where that would do or tell something else', async () => {
    const { lost, good } = await pair();
    const rest = () => createRest([lost.url, good.url]);
    const lostFor = (request: Promise<unknown>) =>
      expect(request).rejects.toMatchObject({ code: 'unreachable' });
    await lostFor(rest().request('register', { body: { username: 'ada', password: 'secret 12' } }));
    await lostFor(rest().request('createAgent', { body: { name: 'Ada' } }));
    await lostFor(rest().request('createConversation', { body: { agent_id } }));
    await lostFor(rest().request('deleteConversation', { params }));
    await lostFor(rest().request('replayDeadPushes', { body: {} }));
    expect(lost.bodies).toHaveLength(5);
    expect(good.bodies).toHaveLength(0);
  });
});

describe('a positive answer that is not JSON', () => {
  const portal = '<html>Please log in to this network</html>';

  it.each([portal, '', '{"agents":['])('is not the answer of a gateway: %j', async (body) => {
    const { url } = await serve(answerWith(200, body));
    await expect(createRest(url).request('listAgents', { query: {} })).rejects.toMatchObject({
      code: 'unavailable',
      status: 200,
    });
  });

  it('is refused for a route without a body, too, unless there is none', async () => {
    const logout = async (answer: Answer) => {
      const { url } = await serve(answer);
      return createRest(url).request('logout', { body: { refresh_token: 'r1' } });
    };
    await expect(logout(answerWith(200, portal))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(logout(answerWith(204, ''))).resolves.toBeUndefined();
  });
});

describe('in a page of another origin', () => {
  const page = (origin: string) =>
    Object.defineProperty(globalThis, 'location', { value: { origin }, configurable: true });
  afterEach(() => Reflect.deleteProperty(globalThis, 'location'));
  const failure = (url: string) =>
    createRest(url)
      .request('listAgents', { query: {} })
      .catch(({ code, message }: Error & { code: string }) => `${code}: ${message}`);
  /** As CORS leaves it: the request fails, one whose answer is not read does not. */
  const blocked: Answer = (request, response) =>
    request.url === '/health' ? response.end() : request.socket.destroy();

  it('names the setting when the gateway answers, but not to this page', async () => {
    page('https://app.example');
    const { url } = await serve(blocked);
    const told = await failure(url);
    expect(told).toContain('unreachable');
    expect(told).toContain('CORS_ORIGINS');
    expect(told).toContain('https://app.example');
  });

  it('does not when nothing answers, nor in a page of the same origin', async () => {
    page('https://app.example');
    expect(await failure((await serve(loseAnswer)).url)).not.toContain('CORS');
    const { url } = await serve(blocked);
    page(url);
    expect(await failure(url)).not.toContain('CORS');
  });
});
