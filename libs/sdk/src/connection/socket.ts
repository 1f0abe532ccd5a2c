import type {
  RequestAck,
  RequestInput,
  RequestName,
  ServerEventName,
  ServerEventPayload,
} from '@agent-messenger/contracts';
import { fromWire, isTemporary, MessengerError } from '../errors';
import {
  timedOut,
  unreachable,
  type Ending,
  type OpenWire,
  type ServerEvent,
  type Wire,
  type WireEnd,
  type WireTarget,
} from './wire';

export interface SocketOptions extends WireTarget {
  open: OpenWire;
  signal: AbortSignal;
  onServerEvent: <N extends ServerEventName>(
    name: N,
    payload: ServerEventPayload<N>,
    socket: LiveSocket,
  ) => void;
}

/** Connect, handshake and `connected` together. */
const HANDSHAKE_MS = 10_000;
/** How long a server that said `closing` or `replaced` has to close before we do. */
const CLOSE_MS = 3_000;

/** Opens one socket, hands over what it says, and resolves when it is gone. Never rejects. */
export function runSocket(options: SocketOptions): Promise<Ending> {
  const { open, signal, onServerEvent, url, namespace, token } = options;
  return new Promise((resolve) => {
    let connectedAt: number | null = null;
    let announced: WireEnd | null = null;
    let moveAt: number | null = null;
    let isOver = false;
    let wire: Wire;
    try {
      const hooks = { hear, end: (ending: WireEnd) => end(announced ?? ending) };
      wire = open({ url, namespace, token }, hooks);
    } catch (cause) {
      return resolve({ ...unreachable(url, cause), connectedMs: 0 });
    }
    const socket = new LiveSocket(wire);
    let timer = setTimeout(() => end(timedOut(url)), HANDSHAKE_MS);

    function end(ending: WireEnd) {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      wire.close();
      const untilMove = moveAt === null ? undefined : Math.max(0, moveAt - performance.now());
      resolve({
        ...ending,
        delayMs: ending.delayMs ?? untilMove,
        connectedMs: connectedAt === null ? 0 : performance.now() - connectedAt,
      });
      socket.lose();
    }
    function endWithin(ms: number, ending: WireEnd) {
      announced = ending;
      clearTimeout(timer);
      timer = setTimeout(() => end(ending), ms);
    }
    function abort() {
      end({ error: new MessengerError('closed', 'closed'), reconnect: false });
    }

    function hear(event: ServerEvent) {
      switch (event.name) {
        case 'connected':
          clearTimeout(timer);
          connectedAt = performance.now();
          break;
        case 'replaced':
          endWithin(CLOSE_MS, {
            error: new MessengerError('replaced', 'a newer connection took over'),
            reconnect: false,
          });
          break;
        case 'draining':
          // The hint spreads clients over the drain: leave when it is our turn, not before and not after.
          moveAt = performance.now() + event.payload.reconnect_after_ms;
          endWithin(event.payload.reconnect_after_ms, {
            error: new MessengerError('draining', 'the gateway is shutting down'),
            reconnect: true,
          });
          break;
        case 'closing': {
          const { code, reconnect, retry_after_ms: retryAfterMs } = event.payload;
          const error = new MessengerError(code, `closed by the server: ${code}`, { retryAfterMs });
          const again = reconnect || isTemporary(error);
          endWithin(CLOSE_MS, { error, reconnect: again, delayMs: retryAfterMs });
          break;
        }
      }
      onServerEvent(event.name, event.payload, socket);
    }

    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}

/** One connection, as long as it lives: what waits for an answer when it is lost is told so. */
export class LiveSocket {
  readonly #wire: Wire;
  readonly #waiting = new Set<() => void>();
  #isLost = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Sends one request and waits for its ack. */
  request<N extends RequestName>(
    name: N,
    payload: RequestInput<N>,
    timeoutMs: number,
  ): Promise<RequestAck<N>> {
    return new Promise((resolve, reject) => {
      const lose = () => {
        clearTimeout(timer);
        reject(new MessengerError('disconnected', `connection lost before ${name} was answered`));
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(lose);
        reject(new MessengerError('timeout', `${name} was not answered in time`));
      }, timeoutMs);
      if (this.#isLost) return lose();
      this.#waiting.add(lose);
      this.#wire.send(name, payload, (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(lose);
        if (answer.ok) resolve(answer as RequestAck<N>);
        else reject(fromWire(answer.error));
      });
    });
  }

  /** Sends an event whose answer nobody needs. */
  emit<N extends RequestName>(name: N, payload: RequestInput<N>): void {
    if (!this.#isLost) this.#wire.send(name, payload);
  }

  /** Nothing is sent any more, and nothing will be answered. */
  lose(): void {
    this.#isLost = true;
    for (const lose of this.#waiting) lose();
    this.#waiting.clear();
  }
}
