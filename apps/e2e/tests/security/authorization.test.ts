import { requests, routes, type RequestName, type RouteName } from '@agent-messenger/contracts';
import { createRest, MessengerError, type RestCredential } from '@agent-messenger/sdk';
import { inParallel, openTestSocket, type Transport } from '@agent-messenger/testkit';
import { asMarkdown, documentedTable, type Table } from './documented-table';
import { outcomeOf } from './outcome-of';
import { requestInputs } from './request-inputs';
import { routeInputs } from './route-inputs';
import type { Scene } from './scene';
import { useScenes } from './use-scenes';

const world = useScenes();

/**
 * A row for each name, a column for each entry: what came of it. A scene serves until something was carried out in it.
 */
async function tableOf<N extends string, C>(
  names: readonly N[],
  columns: Record<string, C>,
  outcome: (name: N, column: C, here: Scene) => Promise<string>,
): Promise<Table> {
  const rows = await inParallel(names, async (name) => {
    const row: Record<string, string> = {};
    let here: Scene | undefined;
    for (const [title, column] of Object.entries(columns)) {
      here ??= await world.scene();
      row[title] = await outcome(name, column, here);
      if (row[title] === 'ok') here = undefined;
    }
    return [name, row] as const;
  });
  return Object.fromEntries(rows);
}

/** Compares with the documentation, and shows what would have to stand there. */
function expectDocumented(heading: string, actual: Table): void {
  try {
    expect(actual).toEqual(documentedTable(heading));
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\nWhat holds:\n\n${asMarkdown(actual)}`);
  }
}

const CALLERS: Record<string, (scene: Scene, name: RouteName) => RestCredential> = {
  nobody: () => ({}),
  'expired token': ({ person }) => ({ bearer: person.expiredToken }),
  'revoked key': ({ revokedKey }) => ({ bearer: revokedKey }),
  'other person': ({ otherPerson }) => ({ bearer: otherPerson.token }),
  'other agent': ({ otherAgent }, name) => ({
    bearer: routes[name].caller === 'agent_key' ? otherAgent.apiKey : otherAgent.token,
  }),
  person: ({ person }) => ({ bearer: person.token }),
  agent: ({ agent }, name) => ({
    bearer: routes[name].caller === 'agent_key' ? agent.apiKey : agent.token,
  }),
  'revoked session': ({ revokedToken }) => ({ bearer: revokedToken }),
  admin: () => ({ adminKey: world.system.stack.adminKey }),
};

async function call(name: RouteName, here: Scene, credential: RestCredential): Promise<string> {
  const input = await routeInputs[name](here, world.url);
  const rest = createRest(world.url);
  try {
    await rest.request<'health'>(name as 'health', input as object, credential);
    return 'ok';
  } catch (error) {
    if (error instanceof MessengerError) return error.code;
    throw error;
  }
}

test('every route as every kind of caller is as documented', async () => {
  const actual = await tableOf(
    Object.keys(routes) as RouteName[],
    CALLERS,
    (name, credential, here) => call(name, here, credential(here, name)),
  );
  expectDocumented('Routes', actual);
}, 120_000);

const TRANSPORTS: Transport[] = ['socket.io', 'ws'];

const PARTIES = {
  'other person': (here: Scene) => ['/client', here.otherPerson] as const,
  'other agent': (here: Scene) => ['/agent', here.otherAgent] as const,
  person: (here: Scene) => ['/client', here.person] as const,
  agent: (here: Scene) => ['/agent', here.agent] as const,
};

interface Answer {
  ok: boolean;
  error?: { code: string };
  presence?: unknown[];
}

test.each(TRANSPORTS)(
  'every request of a socket as every kind of identity is as documented: %s',
  async (transport) => {
    const names = Object.keys(requests) as RequestName[];
    const actual = await tableOf(names, PARTIES, async (name, of, here) => {
      const [namespace, own] = of(here);
      const socket = openTestSocket(transport, world.url, namespace, { token: own.token });
      await socket.synced();
      const answer = (await socket.raw(name, requestInputs[name](here, own))) as Answer;
      socket.close();
      // A watch is answered with whom it may watch.
      return answer.error?.code ?? (answer.presence?.length === 0 ? 'nobody' : 'ok');
    });
    expectDocumented('Requests of sockets', actual);
  },
  60_000,
);

const HANDSHAKES: Record<string, (scene: Scene) => Record<string, unknown>> = {
  nothing: () => ({}),
  garbage: () => ({ token: 'garbage' }),
  'token of a person': ({ person }) => ({ token: person.token }),
  'token of an agent': ({ agent }) => ({ token: agent.token }),
  'API key': ({ agent }) => ({ api_key: agent.apiKey }),
  'API key as token': ({ agent }) => ({ token: agent.apiKey }),
  'expired token': ({ person }) => ({ token: person.expiredToken }),
  'token of a revoked session': ({ revokedToken }) => ({ token: revokedToken }),
  'revoked API key': ({ revokedKey }) => ({ api_key: revokedKey }),
  'token of a revoked key': ({ revokedKeyToken }) => ({ token: revokedKeyToken }),
  'admin key': () => ({ token: world.system.stack.adminKey }),
};

test.each(TRANSPORTS)(
  'every credential in the handshake is as documented: %s',
  async (transport) => {
    const actual: Table = {};
    for (const [credential, payload] of Object.entries(HANDSHAKES)) {
      const open = async (namespace: '/client' | '/agent') =>
        outcomeOf(openTestSocket(transport, world.url, namespace, payload(await world.scene())));
      const [client, agent] = await Promise.all([open('/client'), open('/agent')]);
      actual[credential] = { '/client': client, '/agent': agent };
    }
    expectDocumented('Handshakes', actual);
  },
  60_000,
);
