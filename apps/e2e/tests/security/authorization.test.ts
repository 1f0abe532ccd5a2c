import { requests, routes, type RequestName, type RouteName } from '@agent-messenger/contracts';
import { createRest, MessengerError, type RestCredential } from '@agent-messenger/sdk';
import { openTestSocket, type Transport } from '@agent-messenger/testkit';
import { gatewaysOf, startReliability, type Reliability } from '../reliability/setup';
import { asMarkdown, documentedTable, type Table } from './documented-table';
import { outcomeOf } from './outcome-of';
import { requestInputs } from './request-inputs';
import { routeInputs } from './route-inputs';
import { createScenes, type Scene } from './scene';

let system: Reliability;
let scene: () => Promise<Scene>;
let url: string;
beforeAll(async () => {
  system = await startReliability();
  url = gatewaysOf(system)[0].url;
  scene = await createScenes(system);
}, 60_000);
afterAll(() => system.stop(), 60_000);

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
  admin: () => ({ adminKey: system.stack.adminKey }),
};

async function call(name: RouteName, here: Scene, credential: RestCredential): Promise<string> {
  const input = await routeInputs[name](here, url);
  const rest = createRest(url);
  try {
    await rest.request<'health'>(name as 'health', input as object, credential);
    return 'ok';
  } catch (error) {
    if (error instanceof MessengerError) return error.code;
    throw error;
  }
}

test('every route as every kind of caller is as documented', async () => {
  const actual: Table = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const row: Record<string, string> = {};
    for (const [caller, credential] of Object.entries(CALLERS)) {
      const here = await scene();
      row[caller] = await call(name, here, credential(here, name));
    }
    actual[name] = row;
  }
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
    const actual: Table = {};
    for (const name of Object.keys(requests) as RequestName[]) {
      const row: Record<string, string> = {};
      for (const [party, of] of Object.entries(PARTIES)) {
        const here = await scene();
        const [namespace, own] = of(here);
        const socket = openTestSocket(transport, url, namespace, { token: own.token });
        await socket.synced();
        const answer = (await socket.raw(name, requestInputs[name](here, own))) as Answer;
        // A watch is answered with whom it may watch.
        row[party] = answer.error?.code ?? (answer.presence?.length === 0 ? 'nobody' : 'ok');
        socket.close();
      }
      actual[name] = row;
    }
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
  'admin key': () => ({ token: system.stack.adminKey }),
};

test.each(TRANSPORTS)(
  'every credential in the handshake is as documented: %s',
  async (transport) => {
    const actual: Table = {};
    for (const [credential, payload] of Object.entries(HANDSHAKES)) {
      const open = async (namespace: '/client' | '/agent') =>
        outcomeOf(openTestSocket(transport, url, namespace, payload(await scene())));
      const [client, agent] = await Promise.all([open('/client'), open('/agent')]);
      actual[credential] = { '/client': client, '/agent': agent };
    }
    expectDocumented('Handshakes', actual);
  },
  60_000,
);
