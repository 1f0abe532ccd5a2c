import type { WireError } from '@agent-messenger/contracts';
import type { EngineSocket } from './socket-io-connection';

/** So long a refused peer has to go by itself: a server that closes at once makes some clients try again at once. */
const FAREWELL_MS = 10_000;
/** The same for one that is to come back: it does when the transport goes. */
const PAUSE_MS = 2_000;
/** Of this gateway; further ones are closed at once. What each may send is that of strangers. */
const MOST = 1_000;

/** Whether it is worth trying again with the same credentials. */
export function isTemporary({ code }: WireError): boolean {
  return code === 'unavailable' || code === 'rate_limited' || code === 'internal';
}

/** Socket.IO connections whose peers were refused and are still there. */
export class RefusedPeers {
  private count = 0;

  /** The peer was told, for good: it closes the connection, or has it closed. */
  leaveToGo(engine: EngineSocket): void {
    this.endAfter(engine, FAREWELL_MS);
  }

  /**
   * The transport goes without a word: clients of Socket.IO take that for an outage and come back, while one that was
   * told of a refusal stays away (4.x) or comes back the faster.
   */
  letReturn(engine: EngineSocket, { retry_after_ms: retryAfterMs = PAUSE_MS }: WireError): void {
    this.endAfter(engine, Math.min(retryAfterMs, PAUSE_MS));
  }

  private endAfter(engine: EngineSocket, ms: number): void {
    if (this.count >= MOST) return engine.close();
    this.count += 1;
    const timer = setTimeout(() => engine.close(), ms);
    engine.once('close', () => {
      this.count -= 1;
      clearTimeout(timer);
    });
  }
}
