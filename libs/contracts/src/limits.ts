/** Bounds of the public contract. Bytes are UTF-8 bytes; times are milliseconds unless the name says otherwise. */
export const LIMITS = {
  contentBytes: 65_536,
  metadataBytes: 8_192,
  /** Objects and arrays within each other; deeper JSON is a way to exhaust a parser's stack. */
  metadataLevels: 32,
  emojiBytes: 64,
  /** Different emoji among the reactions to a message; one more is a `conflict`. */
  emojiPerMessage: 20,
  titleChars: 200,
  /** Tags that a member may put on a conversation, and the length of one. */
  tags: 20,
  tagChars: 50,
  agentNameChars: 80,
  agentDescriptionChars: 500,
  passwordBytes: { min: 8, max: 72 },
  /** Sessions of a person that have not ended; one more ends the oldest. */
  sessionsPerPerson: 100,
  /** Keys of an agent that are neither revoked nor have run out; one more is a `conflict`. */
  keysPerAgent: 20,
  /** How long two keys may go on beside each other in a rotation, s. */
  keyOverlapS: 2_592_000,
  pageDefault: 50,
  /** Largest `limit` of every list, the log's included. */
  pageMax: 200,
  presenceWatch: 200,
  /** People watch this many of their most recently active counterparts until they choose for themselves. */
  presenceDefault: 50,
  unreadCap: 1_000,
  /** Largest socket frame that is parsed and answered; a larger one closes the connection (1009). */
  frameBytes: 2 * 1024 * 1024,
  pendingRequests: 1_000,
  handshakeMs: 5_000,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 10_000,
  typingTtlMs: 6_000,
  /** A client reports `received` after this many events or this long, whichever comes first. */
  receivedEvery: 32,
  receivedAfterMs: 250,
} as const;
