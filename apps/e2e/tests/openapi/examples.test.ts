import { problemSchema, type RouteContract, routes } from '@agent-messenger/contracts';
import { createRest } from '@agent-messenger/sdk';
import { openTestSocket } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { gatewaysOf } from '../reliability/setup';
import type { Scene } from '../security/scene';
import { useScenes } from '../security/use-scenes';
import { differences } from './differences';
import {
  documentedCode,
  type DocumentedOperation,
  documentedOperations,
  exampleCall,
  type ExampleCall,
} from './documented-operation';

const world = useScenes();

const operations = documentedOperations();
const named = operations.map((operation) => [operation.operationId, operation] as const);

/** The key and refresh token that the examples are about. */
const EXAMPLE_KEY = exampleOf('revokeAgentKey', 'key_id');
const EXAMPLE_REFRESH_TOKEN = /amr_\w+/g;
const EXAMPLE_LOGIN_CODE = /usr_[\w-]+\.[\w-]+/g;
/** Nothing of these is there when the call is made. */
const EMPTY = new Set(['listDeadPushes', 'getPushConfig']);
/** Calls that make what others are about. */
const BEFORE: Record<string, string> = {
  removeReaction: 'addReaction',
  listAgentPeople: 'addAgentPerson',
};
const NEW_PERSON = new Set(['register', 'createUser']);

function exampleOf(operationId: string, name: string): string {
  const { parameters } = operations.find((one) => one.operationId === operationId) ?? {};
  return String(parameters?.find((parameter) => parameter.name === name)?.example);
}

/** Puts the names and secrets of a scene in the place of those of the examples. */
async function realiser(
  { operationId }: DocumentedOperation,
  { person, agent, conversation, message, question, loginCode }: Scene,
): Promise<(text: string) => string> {
  const { username, password } = person;
  const newName = `n-${randomBytes(8).toString('hex')}`;
  const needsToken = operationId === 'refresh' || operationId === 'logout';
  const tokens = needsToken
    ? await createRest(world.url).request('login', { body: { username, password } })
    : undefined;
  const code = operationId === 'loginByLink' ? await loginCode() : '';
  return (text) =>
    text
      .replace(EXAMPLE_LOGIN_CODE, code)
      .replace(/usr_[\w-]+/g, person.id)
      .replace(/agt_[\w-]+/g, agent.id)
      .replace(/cnv_[\w-]+/g, conversation)
      .replace(/msg_[\w-]+/g, operationId === 'chooseAction' ? question : message)
      .replaceAll(EXAMPLE_KEY, agent.keyId)
      .replace(EXAMPLE_REFRESH_TOKEN, tokens?.refresh_token ?? '')
      .replaceAll('grace', NEW_PERSON.has(operationId) ? newName : username)
      .replaceAll('correct horse', password);
}

/** The credential that stands first. */
function credentialOf(
  { security }: DocumentedOperation,
  { person, agent }: Scene,
): Record<string, string> {
  const [scheme] = Object.keys(security[0] ?? {});
  if (scheme === 'accessToken') return { authorization: `Bearer ${person.token}` };
  if (scheme === 'apiKey') return { authorization: `Bearer ${agent.apiKey}` };
  if (scheme === 'adminKey') return { 'x-admin-key': world.system.stack.adminKey };
  return {};
}

async function call(
  { method, operationId }: DocumentedOperation,
  { target, body }: ExampleCall,
  headers: Record<string, string>,
): Promise<{ status: number; answer: unknown }> {
  const { port }: RouteContract = routes[operationId];
  const { internalUrl } = gatewaysOf(world.system)[0];
  const response = await fetch((port === 'internal' ? internalUrl : world.url) + target, {
    method: method.toUpperCase(),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, answer: text === '' ? undefined : JSON.parse(text) };
}

test.each(named)('the example of %s gets the documented answer', async (name, operation) => {
  const one = await world.scene();
  const agent = openTestSocket('ws', world.url, '/agent', { token: one.agent.token });
  await agent.synced();
  const before = operations.find(({ operationId }) => operationId === BEFORE[name]);
  if (before) {
    const made = exampleCall(before, await realiser(before, one));
    expect((await call(before, made, credentialOf(before, one))).status).toBeLessThan(300);
  }
  const example = exampleCall(operation, await realiser(operation, one));
  const { status, answer } = await call(operation, example, credentialOf(operation, one));
  agent.close();
  // Tokens of this stack are signed with HS256: there are no public keys.
  if (name === 'jwks')
    return expect([status, documentedCode(operation, status)]).toEqual([404, 'not_found']);
  const route: RouteContract = routes[name];
  expect([status, answer]).toEqual([route.status, route.response ? expect.anything() : undefined]);
  route.response?.parse(answer);
  const shown = operation.responses[status]?.content?.['application/json']?.example;
  if (shown !== undefined && !EMPTY.has(name)) expect(differences(shown, answer)).toEqual([]);
});

/** Calls that are refused, made of one that is not. */
const WRONGS: Record<
  string,
  (example: ExampleCall) => ExampleCall & { headers?: Record<string, string> }
> = {
  'without a credential': (example) => ({ ...example, headers: {} }),
  'about what is not there': ({ target, body }) => ({
    target: target.replace(/(usr|agt|cnv|msg)_[\w-]+/g, '$1_0'),
    body: body?.replace(/(usr|agt|cnv|msg)_[\w-]+/g, '$1_0'),
  }),
  'with a body that is no JSON': ({ target, body }) => ({ target, body: body && '{' }),
  'with a body of another form': ({ target, body }) => ({ target, body: body && '[]' }),
  'with a body that is too large': ({ target, body }) => ({
    target,
    body: body && JSON.stringify({ content: 'x'.repeat(600_000) }),
  }),
  'with a query of another form': ({ target, body }) => ({
    target: `${target.split('?')[0]}?limit=many&compact=many`,
    body,
  }),
};

test.each(named)('what %s is refused with is documented', async (_name, operation) => {
  const one = await world.scene();
  const credential = credentialOf(operation, one);
  const real = await realiser(operation, one);
  const callers = { its: credential, "an agent's": { authorization: `Bearer ${one.agent.token}` } };
  for (const [wrong, make] of Object.entries(WRONGS)) {
    for (const [caller, headers] of Object.entries(callers)) {
      const made = make(exampleCall(operation, real));
      const { status, answer } = await call(operation, made, made.headers ?? headers);
      if (status < 400) continue;
      const { code } = problemSchema.parse(answer);
      expect([wrong, caller, status, documentedCode(operation, status)]).toEqual([
        wrong,
        caller,
        status,
        code,
      ]);
    }
  }
});

test.each(
  operations.filter(({ requestBody }) => requestBody).map((one) => [one.operationId, one] as const),
)('the body of %s has to be JSON by its name', async (_name, operation) => {
  const one = await world.scene();
  const example = exampleCall(operation, (text) => text);
  const headers = { ...credentialOf(operation, one), 'content-type': 'text/plain' };
  const { status } = await call(operation, example, headers);
  expect([status, documentedCode(operation, status)]).toEqual([415, 'unsupported_media_type']);
});
