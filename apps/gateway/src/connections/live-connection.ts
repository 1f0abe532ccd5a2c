import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';

/**
 * The transport's end of a connection.
 * `stay_away`: the client must not come back by itself. `reconnect`: it should. `terminate`: without an orderly close,
 * which would wait for a stalled reader for ever.
 */
export type CloseManner = 'stay_away' | 'reconnect' | 'terminate';

/** What the gateway needs of a transport; Socket.IO is one. */
export interface LiveConnection {
  readonly ip: string;
  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void;
  /** Bytes handed over that the peer's kernel has not yet taken. */
  bufferedBytes(): number;
  /** True when nothing is buffered any more or the transport is closed, false when that takes longer. */
  drained(timeoutMs: number): Promise<boolean>;
  close(manner: CloseManner): void;
}
