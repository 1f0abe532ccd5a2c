import { errorSchema } from './errors';
import type { SchemaBook } from './json-schema';
import { createSchemaBook } from './json-schema';
import type { RequestName, ServerEventName } from './sockets';
import { PROTOCOL_VERSION, requests, serverEvents } from './sockets';
import { z } from 'zod';

const NAMESPACES = { client: 'user', agent: 'agent' } as const;
type NamespaceName = keyof typeof NAMESPACES;

/** The socket events as an AsyncAPI 3.0 document, from the gateway's point of view. */
export function asyncApiDocument(): Record<string, unknown> {
  const book = createSchemaBook();
  const channels = Object.keys(NAMESPACES) as NamespaceName[];
  return {
    asyncapi: '3.0.0',
    info: { title: 'Agent Messenger', version: `${PROTOCOL_VERSION}` },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels.map((name) => [name, channel(name)])),
    operations: Object.fromEntries(channels.flatMap(operations)),
    components: { messages: messages(book), schemas: book.components },
  };
}

/** Keys of an AsyncAPI document may not contain a colon. */
const keyOf = (event: string) => event.replaceAll(':', '.');
const ackKeyOf = (event: string) => `${keyOf(event)}.ack`;
/** Apart from requests: `typing` is both. */
const serverKeyOf = (event: string) => `server.${event}`;

function requestsOf(channelName: NamespaceName): RequestName[] {
  const kind = NAMESPACES[channelName];
  const names = Object.keys(requests) as RequestName[];
  return names.filter((name) => {
    const from: readonly string[] = requests[name].from;
    return from.includes(kind);
  });
}

function channel(name: NamespaceName) {
  const keys = [
    ...requestsOf(name).flatMap((request) => [keyOf(request), ackKeyOf(request)]),
    ...Object.keys(serverEvents).map(serverKeyOf),
  ];
  return {
    address: `/${name}`,
    description: 'A Socket.IO namespace, over the WebSocket transport.',
    messages: Object.fromEntries(keys.map((key) => [key, ref('components', 'messages', key)])),
  };
}

function operations(name: NamespaceName): [string, unknown][] {
  const message = (key: string) => ref('channels', name, 'messages', key);
  const where = { channel: ref('channels', name) };
  return [
    ...requestsOf(name).map((request): [string, unknown] => [
      `${name}.${keyOf(request)}`,
      {
        action: 'receive',
        ...where,
        messages: [message(keyOf(request))],
        reply: { ...where, messages: [message(ackKeyOf(request))] },
      },
    ]),
    ...Object.keys(serverEvents).map((event): [string, unknown] => [
      `${name}.${serverKeyOf(event)}`,
      { action: 'send', ...where, messages: [message(serverKeyOf(event))] },
    ]),
  ];
}

function messages(book: SchemaBook) {
  const all: Record<string, unknown> = {};
  for (const name of Object.keys(requests) as RequestName[]) {
    const { payload, ack, summary } = requests[name];
    all[keyOf(name)] = { name, summary, payload: book.schemaOf(payload, 'input') };
    const ok = z.object({ ok: z.literal(true), ...ack?.shape });
    const answer = z.union([ok, z.object({ ok: z.literal(false), error: errorSchema })]);
    all[ackKeyOf(name)] = { name: `ack of ${name}`, payload: book.schemaOf(answer, 'output') };
  }
  for (const name of Object.keys(serverEvents) as ServerEventName[]) {
    all[serverKeyOf(name)] = { name, payload: book.schemaOf(serverEvents[name], 'output') };
  }
  return all;
}

function ref(...path: string[]) {
  return { $ref: `#/${path.join('/')}` };
}
