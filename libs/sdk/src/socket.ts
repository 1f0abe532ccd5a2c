import {
  PROTOCOL_VERSION,
  serverEvents,
  type Ack,
  type ClientToServer,
  type RequestAck,
  type RequestInput,
  type RequestName,
  type ServerEventName,
  type ServerEventPayload,
  type ServerToClient,
  type WireError,
} from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import { fromWire, MessengerError } from './errors';

export type WireSocket = Socket<ServerToClient, ClientToServer>;

/** How a socket's life ended, and what to do next. */
export interface Ending {
  error: MessengerError;
  reconnect: boolean;
  /** The server's hint; without one the client backs off by itself. */
  delayMs?: number | undefined;
  /** How long it was connected; 0 when it never was. */
  connectedMs: number;
}

export interface SocketOptions {
  origin: string;
  namespace: '/client' | '/agent';
  token: string;
  signal: AbortSignal;
  onServerEvent: <N extends ServerEventName>(
    name: N,
    payload: ServerEventPayload<N>,
    socket: WireSocket,
  ) => void;
}

/** Connect, handshake and `connected` together. */
const HANDSHAKE_MS = 10_000;
/** How long a server that said `closing` or `replaced` has to close before we do. */
const CLOSE_MS = 3_000;

/** Opens one socket, hands over what it says, and resolves when it is gone. Never rejects. */
export function runSocket({
  origin,
  namespace,
  token,
  signal,
  onServerEvent,
}: SocketOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const socket: WireSocket = io(origin + namespace, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { token, protocol: PROTOCOL_VERSION },
    });
    let connectedAt: number | null = null;
    let announced: Omit<Ending, 'connectedMs'> | null = null;
    let moveAt: number | null = null;
    let timer = setTimeout(
      () =>
        end({ error: new MessengerError('timeout', `${origin}: no handshake`), reconnect: true }),
      HANDSHAKE_MS,
    );

    function end(ending: Omit<Ending, 'connectedMs'>) {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off();
      socket.disconnect();
      const untilMove = moveAt === null ? undefined : Math.max(0, moveAt - Date.now());
      resolve({
        ...ending,
        delayMs: ending.delayMs ?? untilMove,
        connectedMs: connectedAt === null ? 0 : Date.now() - connectedAt,
      });
    }
    function endWithin(ms: number, ending: Omit<Ending, 'connectedMs'>) {
      announced = ending;
      clearTimeout(timer);
      timer = setTimeout(() => end(ending), ms);
    }
    function abort() {
      end({ error: new MessengerError('closed', 'closed'), reconnect: false });
    }

    for (const name of Object.keys(serverEvents) as ServerEventName[]) {
      socket.on(name, ((payload: ServerEventPayload<typeof name>) => {
        if (name === 'connected') {
          clearTimeout(timer);
          connectedAt = Date.now();
        }
        onServerEvent(name, payload, socket);
      }) as ServerToClient[typeof name]);
    }
    socket.on('replaced', () =>
      endWithin(CLOSE_MS, {
        error: new MessengerError('replaced', 'a newer connection took over'),
        reconnect: false,
      }),
    );
    // The hint spreads clients over the drain: leave when it is our turn, not before and not after.
    socket.on('draining', ({ reconnect_after_ms }) => {
      moveAt = Date.now() + reconnect_after_ms;
      endWithin(reconnect_after_ms, {
        error: new MessengerError('draining', 'the gateway is shutting down'),
        reconnect: true,
      });
    });
    socket.on('closing', ({ code, reconnect, retry_after_ms }) =>
      endWithin(CLOSE_MS, {
        error: new MessengerError(code, `closed by the server: ${code}`, {
          retryAfterMs: retry_after_ms,
        }),
        reconnect,
        delayMs: retry_after_ms,
      }),
    );
    socket.on('connect_error', (cause: Error & { data?: WireError }) => {
      const refusal = cause.data?.code === undefined ? null : fromWire(cause.data);
      end({
        error:
          refusal ?? new MessengerError('unreachable', `${origin} is not reachable`, { cause }),
        reconnect: refusal === null || refusal.retryAfterMs !== undefined,
        delayMs: refusal?.retryAfterMs,
      });
    });
    socket.on('disconnect', (reason) =>
      end(
        announced ?? {
          error: new MessengerError('disconnected', `connection lost: ${reason}`),
          reconnect: true,
        },
      ),
    );
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}

/** Sends one request and waits for its ack. */
export async function requestOn<N extends RequestName>(
  socket: WireSocket,
  name: N,
  payload: RequestInput<N>,
  timeoutMs: number,
): Promise<RequestAck<N>> {
  let answer: Ack<N>;
  try {
    answer = await emitter(socket.timeout(timeoutMs)).emitWithAck(name, payload);
  } catch (cause) {
    throw socket.connected
      ? new MessengerError('timeout', `${name} was not answered in time`, { cause })
      : new MessengerError('disconnected', `connection lost before ${name} was answered`, {
          cause,
        });
  }
  if (answer.ok) return answer;
  throw fromWire(answer.error);
}

/** Sends an event whose answer nobody needs. */
export function emitOn<N extends RequestName>(
  socket: WireSocket,
  name: N,
  payload: RequestInput<N>,
): void {
  emitter(socket).emit(name, payload);
}

/** Socket.IO's own types cannot follow a name that is a type parameter; the signatures above keep name and payload together. */
interface UntypedEmitter {
  emit(name: string, payload: unknown): unknown;
  emitWithAck<A>(name: string, payload: unknown): Promise<A>;
}
function emitter(socket: object): UntypedEmitter {
  return socket as UntypedEmitter;
}
