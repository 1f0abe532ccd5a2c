import type { CloseCode, ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';

/**
 * The transport's end of a connection.
 * `stay_away`: the client must not come back by itself. `reconnect`: it should. `terminate`: without an orderly close,
 * which would wait for a stalled reader for ever.
 */
export type CloseManner = 'stay_away' | 'reconnect' | 'terminate';

/** What the gateway needs of a transport: Socket.IO or plain WebSocket. */
export interface LiveConnection {
  readonly ip: string;
  /** False as soon as the peer is known to have gone. */
  readonly isOpen: boolean;
  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void;
  /** Bytes handed over that the peer's kernel has not yet taken. */
  bufferedBytes(): number;
  /** True when writing may begin again or the transport is closed, false when nothing was taken for `stallMs`. */
  drained(stallMs: number): Promise<boolean>;
  close(manner: CloseManner, code: CloseCode): void;
}
