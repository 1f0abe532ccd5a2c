import type { Harness, TestGateway } from './harness';
import { AGENT, startHarness } from './harness';

export interface CallOptions {
  as?: string;
  key?: string;
  adminKey?: string;
  from?: string;
  body?: unknown;
}

/** For the tests of a file: gateways whose limits are their own, and calls of them. */
export function useLimits() {
  let harness: Harness;
  let prefixes = 0;
  let sent = 0;
  const open: TestGateway[] = [];

  beforeAll(async () => {
    harness = await startHarness();
    harness.store.addConversation('cnv_1', ['usr_1', 'usr_2', AGENT]);
  });
  afterAll(() => harness.close());
  afterEach(() => Promise.all(open.splice(0).map((gateway) => gateway.close())));

  /** A gateway whose limits in Redis are its own, until the end of the test. */
  async function limited(env: NodeJS.ProcessEnv): Promise<TestGateway> {
    prefixes += 1;
    const gateway = await harness.gateway({ REDIS_PREFIX: prefix(), ...env });
    open.push(gateway);
    return gateway;
  }

  /** Of the newest gateway's limits. */
  function prefix(): string {
    return `limits-${prefixes}`;
  }

  function call(
    { url }: TestGateway,
    method: string,
    path: string,
    { as, key, adminKey, from, body }: CallOptions = {},
  ): Promise<Response> {
    return fetch(url + path, {
      method,
      headers: {
        ...(as !== undefined && { authorization: `Bearer ${harness.token(as)}` }),
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(adminKey !== undefined && { 'x-admin-key': adminKey }),
        ...(from !== undefined && { 'x-forwarded-for': from }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  function send(gateway: TestGateway, options: CallOptions): Promise<Response> {
    sent += 1;
    const body = { client_id: `rest-${sent}`, content: 'x' };
    return call(gateway, 'POST', '/conversations/cnv_1/messages', { ...options, body });
  }

  return {
    get harness() {
      return harness;
    },
    limited,
    prefix,
    call,
    send,
  };
}

export async function statuses(
  times: number,
  ask: (n: number) => Promise<Response>,
): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < times; n += 1) all.push((await ask(n)).status);
  return all;
}
