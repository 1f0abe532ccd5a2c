import type { messagesCalls } from '@agent-messenger/contracts';
import {
  requests,
  routes,
  type CallRequest,
  type RequestName,
  type RouteContract,
  type RouteName,
} from '@agent-messenger/contracts';
import type { RestCredential } from '@agent-messenger/sdk';
import { createTokenIssuer, hs256Key } from '@agent-messenger/service-kit';
import { openTestSocket, type Transport } from '@agent-messenger/testkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewaysOf } from '../reliability/setup';
import { callRoute, type AnyInput } from './call-route';
import { outcomeOf } from './outcome-of';
import { requestInputs } from './request-inputs';
import { routeInputs } from './route-inputs';
import type { Scene } from './scene';
import { useScenes } from './use-scenes';

const world = useScenes();

const PREFIXES = ['usr', 'agt', 'cnv', 'msg'] as const;
const ID = /^(usr|agt|cnv|msg)_(.+)$/;

/** Ids that exist, of each kind. */
const idsOf = (here: Scene): Record<(typeof PREFIXES)[number], string> => ({
  usr: here.person.id,
  agt: here.agent.id,
  cnv: here.conversation,
  msg: here.message,
});

interface Confusion {
  /** The name of the field, and the kind of the id in it. */
  what: string;
  input: AnyInput;
}

/** The input with each of its ids, in turn, replaced by those of other kinds: ids that exist, and its own renamed. */
function confusionsOf(input: unknown, here: Scene): Confusion[] {
  const found: Confusion[] = [];
  const visit = (value: unknown, path: string[], put: (part: unknown) => unknown) => {
    if (typeof value === 'string') {
      const [, kind, rest] = ID.exec(value) ?? [];
      if (kind === undefined) return;
      for (const other of PREFIXES.filter((prefix) => prefix !== kind)) {
        for (const id of [idsOf(here)[other], `${other}_${rest}`]) {
          found.push({ what: `${path.join('.')}: ${other}`, input: put(id) as AnyInput });
        }
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        const replaced = (by: unknown) =>
          Array.isArray(value)
            ? value.map((each: unknown, index) => (`${index}` === key ? by : each))
            : { ...value, [key]: by };
        visit(part, [...path, key], (by) => put(replaced(by)));
      }
    }
  };
  visit(input, [], (id) => id);
  return found;
}

/** Who may call the route with the right ids. */
function ownerOf(name: RouteName, { person, agent }: Scene): RestCredential {
  const { caller } = routes[name];
  if (caller === 'admin') return { adminKey: world.system.stack.adminKey };
  return { bearer: caller === 'agent_key' ? agent.apiKey : person.token };
}

const withIds = (Object.keys(routes) as RouteName[]).filter((name) =>
  /:(user|agent|conversation|message)_id|createConversation/.test(routes[name].path + name),
);

test('the catalogue has ids of each kind in its routes and requests', async () => {
  const here = await world.scene();
  const inputs = await Promise.all([
    ...withIds.map((name) => routeInputs[name](here, world.url)),
    ...(Object.keys(requests) as RequestName[]).map((name) =>
      requestInputs[name](here, here.person),
    ),
  ]);
  const kinds = inputs.flatMap((input) => confusionsOf(input, here)).map(({ what }) => what);
  expect(new Set(kinds.map((what) => what.split(': ')[1]))).toEqual(new Set(PREFIXES));
  expect(kinds.length).toBeGreaterThan(100);
});

test.each(withIds)('%s takes no id of another kind', async (name) => {
  const here = await world.scene();
  const right = await routeInputs[name](here, world.url);
  const credential = ownerOf(name, here);
  const { port }: RouteContract = routes[name];
  const at = port === 'internal' ? gatewaysOf(world.system)[0].internalUrl : world.url;
  for (const { what, input } of confusionsOf(right, here)) {
    const { status } = await callRoute(at, name, input, credential);
    expect({ what, status, refused: status === 400 || status === 404 }).toMatchObject({
      refused: true,
    });
  }
  // With the right ones it is carried out: nothing else was wrong.
  const { status } = await callRoute(at, name, right, credential);
  expect(status).toBeLessThan(300);
});

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];

test.each(TRANSPORTS)(
  'no request of a socket takes an id of another kind: %s',
  async (transport) => {
    const here = await world.scene();
    const token = here.person.token;
    const socket = await openTestSocket(transport, world.url, '/client', { token }).synced();
    for (const name of Object.keys(requests) as RequestName[]) {
      for (const { what, input } of confusionsOf(requestInputs[name](here, { token }), here)) {
        const answer = (await socket.raw(name, input)) as { ok: boolean; presence?: object[] };
        // Both kinds of identities can be watched: a name that is nobody's is left out.
        const taken = name === 'presence:watch' ? (answer.presence?.length ?? 0) > 1 : answer.ok;
        expect({ name, what, taken }).toEqual({ name, what, taken: false });
      }
    }
    socket.close();
  },
);

test('to end the connection of somebody of the same number and another kind ends none', async () => {
  const here = await world.scene();
  const { token, id } = here.person;
  const socket = await openTestSocket('ws', world.url, '/client', { token }).synced();
  const end = (identity_id: string) =>
    callRoute(
      world.url,
      'endConnection',
      { params: { identity_id } },
      { adminKey: world.system.stack.adminKey },
    );
  await end(id.replace('usr_', 'agt_'));
  await expect(socket.request('presence:watch', { identities: [] })).resolves.toMatchObject({
    ok: true,
  });
  await end(id);
  expect(await socket.disconnected()).toBe('4410');
});

test('a token with the number of another kind is nobody’s', async () => {
  const { person, agent } = await world.scene();
  const secret = readFileSync(join(world.system.stack.dataDir, 'jwt_secret'), 'utf8').trim();
  const issue = createTokenIssuer({ key: hs256Key(secret), ttlSeconds: 300 });
  const session = claimsOf(person.token).sid;
  const confused = [
    { identityId: person.id.replace('usr_', 'agt_'), credentialId: session },
    { identityId: agent.id.replace('agt_', 'usr_'), credentialId: agent.keyId },
    { identityId: person.id, credentialId: agent.keyId },
    { identityId: agent.id, credentialId: session },
  ];
  for (const bearer of confused) {
    const { token } = issue(bearer);
    for (const transport of TRANSPORTS) {
      const [client, agentSide] = await Promise.all(
        (['/client', '/agent'] as const).map((namespace) =>
          outcomeOf(openTestSocket(transport, world.url, namespace, { token })),
        ),
      );
      expect([client, agentSide].sort()).toEqual(['forbidden', 'unauthorized']);
    }
  }
});

function claimsOf(token: string): { sub: string; sid: string } {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string; sid: string };
}

test('the store itself takes no id of another kind either', async () => {
  const { store } = world.system;
  const here = await world.scene();
  const by = { actor: { kind: 'admin' as const, id: null }, ip: null };
  const [user_id, agent_id] = [here.agent.id, here.person.id];
  const session: CallRequest<typeof messagesCalls, 'createSession'> = {
    user_id,
    refresh_digest: 'none',
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    by,
  };
  const key = { key_id: 'none', key_hash: 'none', name: 'none', expires_at: null, overlap_s: 0 };
  const calls = [
    () => store.createConversation({ user_id, agent_id }),
    () => store.createConversation({ user_id: here.person.id, agent_id: here.otherPerson.id }),
    () => store.createConversation({ user_id: here.otherAgent.id, agent_id: here.agent.id }),
    () => store.createSession(session),
    () => store.updateUser({ user_id, disabled: true, by }),
    () => store.eraseUser({ user_id, by }),
    () => store.exportUser({ user_id, limit: 1, by }),
    () => store.createAgentKey({ ...key, agent_id, by }),
    () => store.updateAgent({ agent_id, name: 'Eve', by }),
    () => store.deleteAgent({ agent_id, by }),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({
      code: expect.stringMatching(/^(not_found|unauthorized)$/) as string,
    });
  }
});
