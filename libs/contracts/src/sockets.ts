import { z } from 'zod';
import {
  clientIdSchema,
  conversationIdSchema,
  identityIdSchema,
  messageIdSchema,
  positionSchema,
  seqSchema,
} from './ids';
import {
  actorSchema,
  eventPageSchema,
  eventSchema,
  messageSchema,
  presenceSchema,
  receiptSchema,
} from './objects';
import type { errorSchema } from './errors';
import { closeCodeSchema } from './errors';
import { LIMITS } from './limits';
import { contentSchema, metadataSchema, timeSchema } from './text';

/** Wire version. Within one version changes are additive. */
export const PROTOCOL_VERSION = 1;

/** Handshake payload of `/client`: `auth: {token, protocol}`; of `/agent`: `auth: {api_key}` or `auth: {token}`. */
export const clientHandshakeSchema = z.object({
  token: z.string().min(1).max(8_192),
  protocol: z.literal(PROTOCOL_VERSION).default(PROTOCOL_VERSION),
});
export const agentHandshakeSchema = z.union([
  z.object({
    api_key: z.string().min(1).max(512),
    protocol: z.literal(PROTOCOL_VERSION).default(PROTOCOL_VERSION),
  }),
  clientHandshakeSchema,
]);

export const sendSchema = z.object({
  conversation_id: conversationIdSchema,
  client_id: clientIdSchema,
  content: contentSchema,
  metadata: metadataSchema.optional(),
  reply_to: messageIdSchema.optional(),
});
export type Send = z.infer<typeof sendSchema>;

export const sentSchema = z.object({ message: messageSchema, duplicate: z.boolean() });
export type Sent = z.infer<typeof sentSchema>;

const limitSchema = z.int().min(1).max(LIMITS.pageMax);

/** Requests of a socket: payload and the body of a positive ack. `ack: null`: none is listed, `{ok: true}` if asked for. */
export const requests = {
  'message:send': { from: ['user', 'agent'], payload: sendSchema, ack: sentSchema },
  received: {
    from: ['user', 'agent'],
    payload: z.object({ conversation_id: conversationIdSchema, seq: seqSchema }),
    ack: null,
  },
  read: {
    from: ['user', 'agent'],
    payload: z.object({ conversation_id: conversationIdSchema, seq: seqSchema }),
    ack: z.object({}),
  },
  sync: {
    from: ['user', 'agent'],
    payload: z.object({
      conversation_id: conversationIdSchema,
      after_seq: positionSchema,
      limit: limitSchema.default(LIMITS.pageDefault),
    }),
    ack: eventPageSchema,
  },
  typing: {
    from: ['user', 'agent'],
    payload: z.object({ conversation_id: conversationIdSchema, typing: z.boolean() }),
    ack: null,
  },
  'presence:watch': {
    from: ['user', 'agent'],
    payload: z.object({ identities: z.array(identityIdSchema).max(LIMITS.presenceWatch) }),
    ack: z.object({ presence: z.array(presenceSchema) }),
  },
  'auth:refresh': {
    from: ['user', 'agent'],
    payload: z.object({ token: z.string().min(1).max(8_192) }),
    ack: z.object({ expires_in: z.int() }),
  },
} as const satisfies Record<string, RequestContract>;

interface RequestContract {
  from: readonly ('user' | 'agent')[];
  payload: z.ZodType;
  ack: z.ZodType | null;
}

export type RequestName = keyof typeof requests;
/** A request's payload as a caller writes it, before defaults are filled in. */
export type RequestInput<N extends RequestName> = z.input<(typeof requests)[N]['payload']>;
/** A request's payload as a handler sees it. */
export type RequestPayload<N extends RequestName> = z.output<(typeof requests)[N]['payload']>;
type Empty = Record<never, never>;
export type RequestAck<N extends RequestName> = (typeof requests)[N]['ack'] extends infer S extends
  z.ZodType
  ? z.infer<S> extends Record<string, never>
    ? Empty
    : z.infer<S>
  : Empty;

/** What a request is acked with: `{ok: true, …}` or `{ok: false, error}`. */
export type Ack<N extends RequestName> =
  ({ ok: true } & RequestAck<N>) | { ok: false; error: z.infer<typeof errorSchema> };

/** Events that the server sends. */
export const serverEvents = {
  connected: z.object({
    identity: actorSchema,
    connection_id: z.string(),
    log_id: z.string(),
    protocol_version: z.int(),
    server_time: timeSchema,
  }),
  synced: z.object({}),
  event: eventSchema,
  receipt: receiptSchema,
  typing: z.object({
    conversation_id: z.string(),
    identity_id: z.string(),
    typing: z.boolean(),
  }),
  presence: presenceSchema,
  replaced: z.object({}),
  draining: z.object({ reconnect_after_ms: z.int().min(0) }),
  closing: z.object({
    code: closeCodeSchema,
    reconnect: z.boolean(),
    retry_after_ms: z.int().min(0).optional(),
  }),
} as const;

export type ServerEventName = keyof typeof serverEvents;
export type ServerEventPayload<N extends ServerEventName> = z.infer<(typeof serverEvents)[N]>;

/** Typed event maps for socket.io (server) and socket.io-client (with the two swapped). */
export type ServerToClient = {
  [N in ServerEventName]: (payload: ServerEventPayload<N>) => void;
};
export type ClientToServer = {
  [N in RequestName]: (payload: RequestInput<N>, ack?: (answer: Ack<N>) => void) => void;
};
