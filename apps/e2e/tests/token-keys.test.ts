import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient, createRest, type Client, type KeptTokens } from '@agent-messenger/sdk';
import {
  createAgent,
  createPerson,
  startStack,
  waitFor,
  type Stack,
} from '@agent-messenger/testkit';

const pemOf = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
const [key, next] = [pemOf(), pemOf()];
const withoutSecret = { JWT_SECRET_FILE: '', JWT_ES256: 'true' };

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'token-keys-'));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** A rollout: everything is stopped and comes back with other keys, and the same data. */
async function during(
  env: NonNullable<Parameters<typeof startStack>[0]>['env'],
  work: (stack: Stack, url: string) => Promise<void>,
): Promise<void> {
  const stack = await startStack({ dataDir, ...(env && { env }) });
  try {
    await work(stack, stack.gateways[0]?.url ?? '');
  } finally {
    await stack.stop();
  }
}

const algorithmOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { alg: string })
    .alg;

test('from the secret to a key, and to the next: who was logged in stays it, and in the end no gateway has a secret', async () => {
  let tokens: KeptTokens | undefined;
  let early: string;
  const agentsWith = (url: string, bearer: string) =>
    createRest(url).request('listAgents', { query: {} }, { bearer });

  await during(undefined, async (stack, url) => {
    const agent = await createAgent(url, stack.adminKey);
    const person = await createPerson(url);
    tokens = person;
    early = person.access_token;
    expect(algorithmOf(early)).toBe('HS256');
    expect((await agentsWith(url, early)).agents).toMatchObject([{ id: agent.id }]);
    await expect(createRest(url).request('jwks', {})).rejects.toMatchObject({ code: 'not_found' });
  });

  const both = { auth: { JWT_PRIVATE_KEY: key }, gateway: { JWT_ES256: 'true' } };
  await during(both, async (stack, url) => {
    expect((await agentsWith(url, early)).agents).toHaveLength(1);
    // The SDK goes on with what it kept, and has it renewed.
    const client: Client = await connectClient({
      url,
      tokens: tokens as KeptTokens,
      onTokens: (renewed) => (tokens = renewed),
    });
    const { refresh_token } = tokens as KeptTokens;
    expect(await client.agents()).toHaveLength(1);
    await client.close();
    tokens = await createRest(url).request('refresh', { body: { refresh_token } });
    expect(algorithmOf(tokens.access_token)).toBe('ES256');
    expect((await agentsWith(url, tokens.access_token)).agents).toHaveLength(1);

    const { keys } = await createRest(url).request('jwks', {});
    expect(keys).toMatchObject([{ alg: 'ES256', use: 'sig', crv: 'P-256' }]);
    const bare = await stack.addGateway({ env: withoutSecret });
    const { url: bareUrl } = bare;
    expect((await agentsWith(bareUrl, tokens.access_token)).agents).toHaveLength(1);
    await expect(agentsWith(bareUrl, early)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  const rotated = {
    auth: { JWT_SECRET_FILE: '', JWT_PRIVATE_KEY: next, JWT_PREVIOUS_KEYS: key },
    gateway: withoutSecret,
  };
  await during(rotated, async (_stack, url) => {
    const earlier = tokens?.access_token ?? '';
    expect((await agentsWith(url, earlier)).agents).toHaveLength(1);
    expect((await createRest(url).request('jwks', {})).keys).toHaveLength(2);
    const client = await connectClient({ url, tokens: tokens as KeptTokens });
    await waitFor(() => client.identity.id);
    await client.close();
  });
}, 120_000);
