import { routes, type RouteContract, type RouteName } from '@agent-messenger/contracts';
import { MessengerError } from '@agent-messenger/sdk';
import { request, type Agent } from 'node:http';
import type { AnyInput } from '../call-route';
import { routeInputs } from '../route-inputs';
import type { Scene } from '../scene';
import { isSame, judge, judgeRefusal, type Knock } from './judge';
import { MARKER, mutated, mutatedBytes, textOf } from './mutations';
import type { RestProbe } from './probe';

interface Answer {
  status: number;
  type: string;
  text: string;
}

export interface RestDoor {
  url: string;
  adminKey: string;
  agent: Agent;
  /** A request of which not even the headers came within this is answered 408, by no route. */
  headersMs: number;
}

const WITHIN_MS = 15_000;

/** @throws Error when it is not answered, or in a way that it must not be */
export async function knockRest(door: RestDoor, probe: RestProbe, scene: Scene): Promise<Knock> {
  const route: RouteContract = routes[probe.name];
  const right = await rightInput(probe.name, scene, door.url);
  const changed = mutated(right, probe.changes);
  const input = (typeof changed === 'object' && changed !== null ? changed : {}) as AnyInput;
  const text = input.body === undefined ? undefined : JSON.stringify(input.body);
  const body = text === undefined ? undefined : mutatedBytes(Buffer.from(text), probe.bytes);
  const ofContract = route.method.toUpperCase();
  const method = probe.method ?? ofContract;
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => percent(input.params?.[name]));
  const from = performance.now();
  const answer = await call(door, `${path}${searchOf(input.query)}`, {
    method,
    body,
    headers: {
      ...(body && { 'content-type': 'application/json', 'content-length': `${body.length}` }),
      ...credentialOf(door, probe, scene),
      ...probe.headers,
    },
  });
  // On a machine that stood still on its way.
  const isLate = answer.status === 408 && performance.now() - from >= door.headersMs;
  if (!isLate) judgeAnswer(answer);
  const isMalformed =
    !isSame(changed, right) ||
    body?.toString() !== text ||
    method !== ofContract ||
    probe.caller === 'trouble' ||
    Object.keys(probe.headers).length > 0;
  return { outcome: `${answer.status}`, isMalformed };
}

function judgeAnswer({ status, type, text }: Answer): void {
  const told = `${status} ${text.slice(0, 300)}`;
  if (status >= 500) throw new Error(told);
  judge(text);
  if (status < 400) return;
  if (!type.startsWith('application/problem+json')) throw new Error(`another form: ${told}`);
  judgeRefusal((JSON.parse(text) as { code: string }).code, told);
}

/** For those whose person can not log in any more, because an earlier probe has seen to that, a token of nobody. */
export async function rightInput(name: RouteName, scene: Scene, url: string): Promise<AnyInput> {
  try {
    return await routeInputs[name](scene, url);
  } catch (error) {
    if (!(error instanceof MessengerError)) throw error;
    return { body: { refresh_token: 'nobody’s', code: 'nobody’s' } };
  }
}

function credentialOf(
  { adminKey }: RestDoor,
  { caller, name, changes }: RestProbe,
  { person, agent, otherPerson, otherAgent }: Scene,
): Record<string, string> {
  const isAdmin = routes[name].caller === 'admin';
  const isAgent = routes[name].caller === 'agent_key';
  switch (caller) {
    case 'none':
      return {};
    case 'right':
      if (isAdmin) return { 'x-admin-key': adminKey };
      return { authorization: `Bearer ${isAgent ? agent.apiKey : person.token}` };
    case 'other':
      return { authorization: `Bearer ${isAgent ? otherAgent.apiKey : otherPerson.token}` };
    case 'trouble': {
      // Whatever a header may hold.
      const text = textOf(changes[0]?.value ?? MARKER).replace(/[^\t\x20-\x7e]/g, '?');
      return {
        'x-admin-key': text.slice(0, 5_000),
        authorization: `Bearer ${text.slice(0, 5_000)}`,
      };
    }
  }
}

/** Any text as a part of a path; lone surrogates as the bytes that would stand for them. */
function percent(value: unknown): string {
  return [...textOf(value).slice(0, 5_000)]
    .map((character) => (character.isWellFormed() ? encodeURIComponent(character) : '%ed%a0%80'))
    .join('')
    .slice(0, 8_000);
}

function searchOf(query: unknown): string {
  if (typeof query !== 'object' || query === null) return '';
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.map((each) => `${percent(name)}=${percent(each)}`);
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).map(
        ([key, part]) => `${percent(name)}[${percent(key)}]=${percent(part)}`,
      );
    }
    return [`${percent(name)}=${percent(value)}`];
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&').slice(0, 9_000)}`;
}

interface Call {
  method: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

function call(door: RestDoor, path: string, { method, headers, body }: Call): Promise<Answer> {
  const { url, agent } = door;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ agent, hostname, port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text: Buffer.concat(parts).toString(),
        }),
      );
      response.on('error', reject);
    });
    asked.setTimeout(WITHIN_MS, () => asked.destroy(new Error(`${method} ${path}: no answer`)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection may be closed as idle at the moment at which it is used again: then nothing was read of it.
      if (!asked.reusedSocket || error.code !== 'ECONNRESET') return reject(error);
      call(door, path, { method, headers, body }).then(resolve, reject);
    });
    asked.end(body);
  });
}
