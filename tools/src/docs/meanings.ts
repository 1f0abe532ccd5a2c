import type { Caller, CloseCode, ErrorCode, LIMITS } from '@agent-messenger/contracts';

/** What the catalogues do not say themselves. A name without a meaning does not compile. */
export const ERROR_MEANINGS: Record<ErrorCode, string> = {
  invalid_payload: 'The request does not fit the contract.',
  unauthorized: 'A credential is missing, wrong, expired or revoked, or the password is wrong.',
  forbidden: 'A valid credential of the wrong kind, or not the author.',
  not_found:
    'There is no such thing, or it is not for the caller: an outsider cannot tell which. Also unknown events.',
  conflict:
    'The same `client_id` with another request, whose message is `message_id`; a username that is taken; a stream that ends with other text than the server has, which is `expected_offset` long.',
  replaced: 'A newer connection of the identity has taken over.',
  sync_token_expired: 'The listing must begin anew, without `since`.',
  payload_too_large: 'The body is too large.',
  unsupported_media_type: 'The body is not JSON.',
  rate_limited: 'Too much at a time; again after `retry_after_ms`.',
  internal: 'An unexpected failure; it is logged.',
  unavailable: 'Something that is needed does not answer now; again after `retry_after_ms`.',
};

type CloseOnly = Exclude<CloseCode, ErrorCode>;
export const CLOSE_MEANINGS: Record<CloseOnly, string> = {
  draining: 'The gateway is shutting down.',
  lease_lost:
    'The gateway could not renew the lease of the connection, or an operator has ended the connection.',
  slow_consumer: 'The client did not read what was sent to it.',
  max_age: 'The connection has reached its maximum age.',
  token_expired: 'The token has expired and was not refreshed.',
  revoked: 'The credential was revoked.',
};

export const CALLER_MEANINGS: Record<Caller, string> = {
  anyone: 'anyone',
  person: 'a person, `Authorization: Bearer <access token>`',
  member: 'a person or an agent, `Authorization: Bearer <access token>`, or an agent’s API key',
  agent_key: 'an agent, `Authorization: Bearer <API key>`',
  admin: 'an administrator, `X-Admin-Key: <ADMIN_API_KEY>`',
};

export const LIMIT_MEANINGS: Record<keyof typeof LIMITS, string> = {
  contentBytes: 'Content of a message, bytes of UTF-8',
  deliveryAttempts:
    'Times that an event may be under way when the connection of its agent breaks, before it is answered as failed',
  failureChars: 'The `error` of a message that failed, characters',
  metadataBytes: 'Metadata of a message as JSON, bytes of UTF-8',
  metadataLevels: 'Objects and arrays within each other in metadata',
  emojiPerMessage: 'Different emoji on one message',
  emojiBytes: 'Emoji of a reaction, bytes of UTF-8',
  titleChars: 'Title of a conversation, characters',
  tags: 'Tags that a member may put on a conversation',
  tagChars: 'A tag, characters',
  actions: 'Choices that a message offers',
  labelChars: 'Label of a choice, characters',
  agentNameChars: 'Name and model of an agent, characters',
  agentDescriptionChars: 'Description of an agent, characters',
  passwordBytes: 'Password, bytes of UTF-8',
  sessionsPerPerson: 'Sessions of a person; one more ends the oldest',
  keysPerAgent: 'Valid keys of an agent',
  keyOverlapS: 'Longest time that a key goes on beside the one that replaces it, s',
  pageDefault: 'Entries of a page, unless `limit` says otherwise',
  pageMax: 'Largest `limit`',
  pageBytes:
    'Page of a log, of messages or of conversations as JSON, bytes; no larger frame is sent',
  maxFrameBytesLeast: 'Smallest `max_frame_bytes`',
  previewBytes: 'Content of a preview, bytes of UTF-8',
  presenceWatch: 'Identities whose presence a connection may watch',
  presenceDefault: 'Counterparts that a person watches without asking, the most recently active',
  unreadCap: '`unread_count` counts up to here',
  frameBytes: 'Socket frame, bytes; a larger one closes the connection',
  pendingRequests: 'Unanswered requests of a connection',
  handshakeMs: 'Time to present credentials, ms',
  pingIntervalMs: 'Time between pings, ms',
  pingTimeoutMs: 'Time for a pong, ms',
  typingTtlMs: 'Life of `typing` without renewal, ms',
  activityTtlMs: 'Life of `activity` without renewal, ms',
  activityLabelChars: 'The `label` of an activity, characters',
  streamBytes: 'Text of a stream, bytes of UTF-8',
  streamMs: 'Age of a stream, ms; an older one is interrupted',
  streamsPerConversation: 'Open streams of a conversation',
  streamsPerAgent: 'Open streams of an agent',
  streamAppendsPerSecond: 'Appends that an agent sends to one stream a second',
  streamStopMs: 'Time to end a stream that a person has stopped, ms',
  streamSilenceMs: 'A reader that heard nothing of a stream for this long asks `stream:get`, ms',
  receivedEvery: 'A client reports `received` after this many events',
  receivedAfterMs: '… or after this long, ms, whichever comes first',
};
