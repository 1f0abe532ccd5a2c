import { z } from 'zod';
import {
  clientIdSchema,
  conversationIdSchema,
  identityIdSchema,
  messageIdSchema,
  positionSchema,
  seqSchema,
} from './ids';
import { actorSchema } from './actors';
import {
  agentStatusSchema,
  eventPageSchema,
  eventSchema,
  messageSchema,
  presenceSchema,
  receiptSchema,
} from './objects';
import type { CloseCode, errorSchema } from './errors';
import { closeCodeSchema } from './errors';
import { LIMITS } from './limits';
import { sendSchema } from './message-bodies';
import { REPEATED_REACTION } from './reactions';
import {
  activitySchema,
  activityToldSchema,
  streamAppendSchema,
  streamEndSchema,
  streamFailSchema,
  streamGetSchema,
  streamPieceSchema,
  streamStartedSchema,
  streamStartSchema,
  streamStateSchema,
  streamStoppedSchema,
  streamStopSchema,
  streamTextSchema,
} from './streams';
import { contentSchema, emojiSchema, timeSchema } from './text';

/** Wire version. Within one version changes are additive. */
export const PROTOCOL_VERSION = 1;

/** What a client may say about itself in its handshake; the defaults are those of a client that says nothing. */
export const clientWishesSchema = z.object({
  compact: z
    .literal(1)
    .optional()
    .describe('Reaction events carry the reaction and not the message it is on.'),
  max_frame_bytes: z
    .int()
    .min(LIMITS.maxFrameBytesLeast)
    .optional()
    .describe('Nothing larger is sent: an event that is comes as `truncated`.'),
  retry_hints: z
    .literal(1)
    .optional()
    .describe(
      'It comes back by itself when it is told `retry_after_ms`: a Socket.IO connection that is refused for now ends with a `connect_error`, not without.',
    ),
});
export type ClientWishes = z.infer<typeof clientWishesSchema>;

/** For the documentation: what a Socket.IO client that is refused meets, and why (ADR 16). */
export const REFUSED_HANDSHAKE =
  'A handshake that is refused for good is a `connect_error` with `data: { code }`; the client has 10 s to close the connection. One that is refused for now (`unavailable`, `rate_limited`, `internal`) is that, with `retry_after_ms` where a time is known, for clients that say `retry_hints: 1` and come back by themselves; for others the transport ends without it, so that clients of Socket.IO come back as after any cut.';

/** Handshake payload of `/client`: `auth: {token, protocol}`; of `/agent`: `auth: {api_key}` or `auth: {token}`. */
export const clientHandshakeSchema = z.object({
  token: z.string().min(1).max(8_192),
  protocol: z.literal(PROTOCOL_VERSION).default(PROTOCOL_VERSION),
  ...clientWishesSchema.shape,
});
export const agentHandshakeSchema = z.union([
  z.object({
    api_key: z.string().min(1).max(512),
    protocol: z.literal(PROTOCOL_VERSION).default(PROTOCOL_VERSION),
    ...clientWishesSchema.shape,
  }),
  clientHandshakeSchema,
]);

/** Plain WebSocket: optional subprotocol, and a frame in either direction; an answer is `{type: "ack", id, data}`. */
export const PLAIN_SUBPROTOCOL = 'agent-messenger.v1';
export const frameSchema = z.object({
  type: z.string().min(1).max(64),
  data: z.unknown().optional(),
  id: z.union([z.string().max(128), z.int()]).optional(),
});
export type Frame = z.infer<typeof frameSchema>;

/** Why a plain WebSocket is closed, as its close code; what has none of its own is 1011, an internal error. */
export const CLOSE_STATUS = {
  unauthorized: 4401,
  token_expired: 4401,
  revoked: 4401,
  invalid_payload: 4401,
  forbidden: 4403,
  slow_consumer: 4408,
  replaced: 4409,
  draining: 4410,
  lease_lost: 4410,
  max_age: 4410,
  rate_limited: 4429,
  unavailable: 4503,
} as const satisfies Partial<Record<CloseCode, number>>;

export const sentSchema = z.object({ message: messageSchema, duplicate: z.boolean() });
export type Sent = z.infer<typeof sentSchema>;

/** The event that a change made; `duplicate`: nothing changed, the event is the one that led to the current state. */
export const changedSchema = z.object({ event: eventSchema, duplicate: z.boolean() });
export type Changed = z.infer<typeof changedSchema>;

const inMessage = z.object({ conversation_id: conversationIdSchema, message_id: messageIdSchema });

const limitSchema = z.int().min(1).max(LIMITS.pageMax);

/**
 * Requests of a socket: payload and the body of a positive ack. `ack: null`: none is listed, `{ok: true}` if asked for.
 */
export const requests = {
  'message:send': {
    summary:
      'Sends a message; acked after the commit. The same `client_id` again answers the first message.',
    from: ['user', 'agent'],
    payload: sendSchema,
    ack: sentSchema,
  },
  received: {
    summary:
      'The receiver has taken responsibility for every event up to `seq`. An ack, if asked for, comes when it is durable, with all that this connection said before.',
    from: ['user', 'agent'],
    payload: z.object({
      conversation_id: conversationIdSchema,
      seq: seqSchema,
      /**
       * Whether a person has it before their eyes. With `false`, what is still unread after a minute is pushed to their
       * devices; a later `true` takes that back. Absent: taken for seen.
       */
      visible: z.boolean().optional(),
    }),
    ack: null,
  },
  read: {
    summary: 'The reader has read up to `seq`; clamped to the log, only rises.',
    from: ['user', 'agent'],
    payload: z.object({ conversation_id: conversationIdSchema, seq: seqSchema }),
    ack: z.object({}),
  },
  sync: {
    summary: 'A page of the log after a position; the way to what another device has received.',
    from: ['user', 'agent'],
    payload: z.object({
      conversation_id: conversationIdSchema,
      after_seq: positionSchema,
      limit: limitSchema.default(LIMITS.pageDefault),
    }),
    ack: eventPageSchema,
  },
  typing: {
    summary: 'Told to the other members; ends by itself after 6 s.',
    from: ['user', 'agent'],
    payload: z.object({ conversation_id: conversationIdSchema, typing: z.boolean() }),
    ack: null,
  },
  activity: {
    summary: 'What the agent is doing, told to people; ends by itself after 30 s.',
    from: ['agent'],
    payload: activitySchema,
    ack: null,
  },
  'stream:start': {
    summary:
      'Begins an answer that is shown while it is written, or says where to go on with one. `conflict`: `stream_id` was used elsewhere.',
    from: ['agent'],
    payload: streamStartSchema,
    ack: streamStartedSchema,
  },
  'stream:append': {
    summary: 'Text of a stream; a gap or a refusal is told by `stream:state`.',
    from: ['agent'],
    payload: streamAppendSchema,
    ack: null,
  },
  'stream:end': {
    summary:
      'Makes the text of a stream a message; acked after the commit. `conflict` with `expected_offset`: the server has not that text, and nothing is committed.',
    from: ['agent'],
    payload: streamEndSchema,
    ack: sentSchema,
  },
  'stream:fail': {
    summary: 'Makes what there is of a stream a message that failed; acked after the commit.',
    from: ['agent'],
    payload: streamFailSchema,
    ack: sentSchema,
  },
  'stream:get': {
    summary: 'All the text of a stream so far. `not_found`: it is gone.',
    from: ['user', 'agent'],
    payload: streamGetSchema,
    ack: streamTextSchema,
  },
  'stream:stop': {
    summary: 'Asks the agent to stop; it has 10 s to end the stream.',
    from: ['user'],
    payload: streamStopSchema,
    ack: z.object({}),
  },
  'presence:watch': {
    summary:
      'Replaces the set of identities whose presence is told; those without a shared conversation are left out.',
    from: ['user', 'agent'],
    payload: z.object({ identities: z.array(identityIdSchema).max(LIMITS.presenceWatch) }),
    ack: z.object({ presence: z.array(presenceSchema) }),
  },
  'message:edit': {
    summary: 'Replaces the content of an own message.',
    from: ['user', 'agent'],
    payload: inMessage.extend({ content: contentSchema }),
    ack: changedSchema,
  },
  'message:delete': {
    summary: 'Deletes an own message: its content is removed, a tombstone remains.',
    from: ['user', 'agent'],
    payload: inMessage,
    ack: changedSchema,
  },
  'reaction:set': {
    summary: `Adds or removes an own reaction. ${REPEATED_REACTION}`,
    from: ['user', 'agent'],
    payload: inMessage.extend({ emoji: emojiSchema, set: z.boolean() }),
    ack: changedSchema,
  },
  'action:choose': {
    summary:
      'Chooses one of the actions of a message, for good: the first choice is the one, any other is a `conflict`.',
    from: ['user'],
    payload: inMessage.extend({ action_id: clientIdSchema }),
    ack: changedSchema,
  },
  'status:set': {
    summary: 'What an agent calls itself for as long as it is connected.',
    from: ['agent'],
    payload: z.object({ status: agentStatusSchema }),
    ack: null,
  },
  'auth:refresh': {
    summary: 'Hands over a newer token: a connection does not outlive its token.',
    from: ['user', 'agent'],
    payload: z.object({ token: z.string().min(1).max(8_192) }),
    ack: z.object({ expires_in: z.int() }),
  },
} as const satisfies Record<string, RequestContract>;

export interface RequestContract {
  /** For the documentation: one sentence. */
  summary: string;
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
  connected: z
    .object({
      identity: actorSchema,
      connection_id: z.string(),
      log_id: z.string(),
      protocol_version: z.int(),
      server_time: timeSchema,
    })
    .describe('The connection stands; the first event.'),
  synced: z.object({}).describe('All that was undelivered at connect has been written.'),
  event: eventSchema.describe('An event of a log, in order per conversation.'),
  receipt: receiptSchema.describe(
    'A position of another member moved; may be lost, the conversation has the state.',
  ),
  typing: z
    .object({
      conversation_id: z.string(),
      identity_id: z.string(),
      typing: z.boolean(),
    })
    .describe('Another member types, or no longer does; may be lost.'),
  activity: activityToldSchema.describe(
    'What an agent of the conversation is doing; `null`: nothing any more. May be lost.',
  ),
  stream: streamPieceSchema.describe(
    'A piece of an answer that is being written. `start` replaces what the reader has; `end` and the `event` of the message come in any order.',
  ),
  'stream:state': streamStateSchema.describe('To the agent: go on with a stream from `offset`.'),
  'stream:stop': streamStoppedSchema.describe(
    'To the agent: a person asks to stop this stream. May be told more than once.',
  ),
  presence: presenceSchema.describe('A watched identity changed its presence.'),
  replaced: z
    .object({
      same_session: z
        .literal(true)
        .optional()
        .describe('The newer connection is of the same login: another tab of one browser.'),
    })
    .describe('A newer connection of this identity has taken over; the client stays away.'),
  draining: z
    .object({ reconnect_after_ms: z.int().min(0) })
    .describe('The gateway is shutting down: reconnect after this time, spread over the clients.'),
  closing: z
    .object({
      code: closeCodeSchema,
      reconnect: z.boolean(),
      retry_after_ms: z.int().min(0).optional(),
    })
    .describe('The connection is about to be closed by the server, and why.'),
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
