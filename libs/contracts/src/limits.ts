/** Bounds of the public contract. Bytes are UTF-8 bytes; times are milliseconds unless the name says otherwise. */
export const LIMITS = {
  contentBytes: 65_536,
  /** So often an event may be under way when its agent's connection breaks; then it is answered as failed. */
  deliveryAttempts: 5,
  /** Of the `error` of a message that failed. */
  failureChars: 200,
  metadataBytes: 8_192,
  /** Objects and arrays within each other; deeper JSON is a way to exhaust a parser's stack. */
  metadataLevels: 32,
  emojiBytes: 64,
  /** Different emoji among the reactions to a message; one more is a `conflict`. */
  emojiPerMessage: 20,
  titleChars: 200,
  /** What a message may offer to choose from, and the length of a label. */
  actions: 8,
  labelChars: 80,
  /** Tags that a member may put on a conversation, and the length of one. */
  tags: 20,
  tagChars: 50,
  agentNameChars: 80,
  agentDescriptionChars: 500,
  passwordBytes: { min: 8, max: 72 },
  /**
   * Sessions of a person that have not ended; one more ends the one that is unused for longest, and is not connected.
   */
  sessionsPerPerson: 100,
  /** Keys of an agent that are neither revoked nor have run out; one more is a `conflict`. */
  keysPerAgent: 20,
  /** How long two keys may go on beside each other in a rotation, s. */
  keyOverlapS: 2_592_000,
  pageDefault: 50,
  /** Largest `limit` of every list, the log's included. */
  pageMax: 200,
  /** Largest page of the log, of messages or of conversations as JSON; with that, the largest frame that is sent. */
  pageBytes: 512 * 1024,
  /** The smallest `max_frame_bytes` that a client may ask for. */
  maxFrameBytesLeast: 64 * 1024,
  /** What is shown of the last message's content to clients that said `compact: 1`. */
  previewBytes: 1_024,
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
  activityTtlMs: 30_000,
  activityLabelChars: 80,
  /** Text of a stream. */
  streamBytes: 65_536,
  /** How old a stream may become. */
  streamMs: 600_000,
  streamsPerConversation: 8,
  streamsPerAgent: 200,
  /** An agent sends no more appends to one stream; what comes faster is sent together. */
  streamAppendsPerSecond: 20,
  /** How long an agent has to end a stream that a person has stopped. */
  streamStopMs: 10_000,
  /** A reader that heard nothing of a stream for so long asks `stream:get`. */
  streamSilenceMs: 40_000,
  /** A client reports `received` after this many events or this long, whichever comes first. */
  receivedEvery: 32,
  receivedAfterMs: 250,
} as const;
