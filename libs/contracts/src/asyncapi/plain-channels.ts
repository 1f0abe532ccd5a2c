import type { JsonSchema, SchemaBook } from '../json-schema';
import type { CloseCode } from '../errors';
import { errorSchema } from '../errors';
import {
  agentHandshakeSchema,
  clientHandshakeSchema,
  CLOSE_STATUS,
  clientWishesSchema,
  PLAIN_SUBPROTOCOL,
} from '../sockets';
import { LIMITS } from '../limits';
import type { Audience } from './catalogue';
import {
  ackKeyOf,
  ackSchemaOf,
  AUDIENCES,
  keyOf,
  REQUESTS,
  requestsOf,
  SERVER_EVENTS,
  serverKeyOf,
} from './catalogue';
import { ref } from './refs';

const HANDSHAKES = { client: clientHandshakeSchema, agent: agentHandshakeSchema };
const ID: JsonSchema = {
  description: 'Of the client’s choice. Without one the request is carried out and not answered.',
  anyOf: [{ type: 'string', maxLength: 128 }, { type: 'integer' }],
};

const channelOf = (audience: Audience) => `${audience}.plain`;
const frameKeyOf = (key: string) => `frame.${key}`;
const authKeyOf = (audience: Audience) => `frame.auth.${audience}`;
const AUTH_ACK = frameKeyOf('auth.ack');
const ERROR_FRAME = frameKeyOf('error');

/** Frames `{type, data, id?}`: what Socket.IO says with names and acks, as JSON. */
export function plainMessages(book: SchemaBook): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const audience of AUDIENCES) {
    const credentials = book.schemaOf(HANDSHAKES[audience], 'input');
    all[authKeyOf(audience)] = {
      name: 'auth',
      summary: `The first frame, within ${LIMITS.handshakeMs / 1_000} s: who it is.`,
      payload: frame('auth', credentials, { id: ID }),
    };
  }
  all[AUTH_ACK] = {
    name: 'ack of auth',
    summary:
      'Where `auth` had an `id`: before `connected`, or before `error` and the close. An `auth` that comes later is answered `not_found`.',
    payload: frame('ack', book.schemaOf(ackSchemaOf(null), 'output'), { id: ID }, ['id']),
  };
  for (const name of REQUESTS) {
    const [key, ackKey] = [keyOf(name), ackKeyOf(name)];
    all[frameKeyOf(key)] = { name, payload: frame(name, payloadOf(key), { id: ID }) };
    const ack = frame('ack', payloadOf(ackKey), { id: ID }, ['id']);
    all[frameKeyOf(ackKey)] = { name: `ack of ${name}`, payload: ack };
  }
  for (const name of SERVER_EVENTS) {
    const key = serverKeyOf(name);
    all[frameKeyOf(key)] = { name, payload: frame(name, payloadOf(key)) };
  }
  all[ERROR_FRAME] = {
    name: 'error',
    summary:
      'What belongs to no request: refused credentials, and the close follows, or a malformed frame, and the connection goes on.',
    payload: frame('error', book.schemaOf(errorSchema, 'output')),
  };
  return all;
}

const payloadOf = (key: string) => ref('components', 'messages', key, 'payload');

function frame(
  type: string,
  data: JsonSchema,
  more: Record<string, JsonSchema> = {},
  required: string[] = [],
): JsonSchema {
  return {
    type: 'object',
    properties: { type: { type: 'string', const: type }, data, ...more },
    required: ['type', 'data', ...required],
  };
}

export function plainChannels(book: SchemaBook): [string, unknown][] {
  return AUDIENCES.map((audience) => [channelOf(audience), plainChannel(audience, book)]);
}

function plainChannel(audience: Audience, book: SchemaBook) {
  const keys = [
    authKeyOf(audience),
    AUTH_ACK,
    ...requestsOf(audience).flatMap((name) => [keyOf(name), ackKeyOf(name)].map(frameKeyOf)),
    ...SERVER_EVENTS.map((name) => frameKeyOf(serverKeyOf(name))),
    ERROR_FRAME,
  ];
  return {
    address: `/${audience}/connect`,
    title: `Plain WebSocket of ${audience === 'client' ? 'people' : 'agents'}`,
    description: [
      `Text frames, each a JSON object \`{type, data, id?}\`. The subprotocol \`${PLAIN_SUBPROTOCOL}\` is selected when offered.`,
      'What has an `id` is answered by a frame `ack` with the same one. Ignore types and fields that you do not know.',
      `Close codes: ${closeCodes()}.`,
    ].join('\n\n'),
    messages: Object.fromEntries(keys.map((key) => [key, ref('components', 'messages', key)])),
    bindings: {
      ws: { method: 'GET', query: querySchema(audience, book), bindingVersion: '0.1.0' },
    },
    'x-close-codes': CLOSE_STATUS,
  };
}

/** An agent's credentials have no place in a URL, which proxies log. */
function querySchema(audience: Audience, book: SchemaBook): JsonSchema {
  if (audience === 'agent') return { type: 'object', properties: {} };
  const { properties } = book.schemaOf(clientWishesSchema, 'input');
  const token: JsonSchema = {
    type: 'string',
    description:
      'An access token, in place of the frame `auth`, which is better: proxies log URLs.',
  };
  return { type: 'object', properties: { token, ...properties } };
}

/** `4401 unauthorized, token_expired`: a status and all reasons that close with it. */
function closeCodes(): string {
  const reasons = new Map<number, CloseCode[]>();
  for (const [code, status] of Object.entries(CLOSE_STATUS) as [CloseCode, number][])
    reasons.set(status, [...(reasons.get(status) ?? []), code]);
  return [...reasons].map(([status, codes]) => `${status} ${codes.join(', ')}`).join('; ');
}

export function plainOperations(): [string, unknown][] {
  return AUDIENCES.flatMap((audience) => {
    const channel = channelOf(audience);
    const where = { channel: ref('channels', channel) };
    const message = (key: string) => ref('channels', channel, 'messages', key);
    const operation = (action: 'send' | 'receive', key: string, replies: string[] = []) => ({
      action,
      ...where,
      messages: [message(key)],
      ...(replies.length > 0 && { reply: { ...where, messages: replies.map(message) } }),
    });
    const connected = frameKeyOf(serverKeyOf('connected'));
    const events = SERVER_EVENTS.map((name) => frameKeyOf(serverKeyOf(name)));
    return [
      [
        `${channel}.auth`,
        operation('receive', authKeyOf(audience), [AUTH_ACK, connected, ERROR_FRAME]),
      ],
      ...requestsOf(audience).map((name): [string, unknown] => [
        `${channel}.${keyOf(name)}`,
        operation('receive', frameKeyOf(keyOf(name)), [frameKeyOf(ackKeyOf(name))]),
      ]),
      ...[...events, ERROR_FRAME].map((key): [string, unknown] => [
        `${channel}.${key.replace('frame.', '')}`,
        operation('send', key),
      ]),
    ];
  });
}
