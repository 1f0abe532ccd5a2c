import type { Ack, ErrorCode, Frame, RequestName, WireError } from '@agent-messenger/contracts';
import { contract } from '../contract/contract';
import { MessengerError } from '../errors';
import { onOnline } from '../host';
import {
  disconnected,
  refused,
  timedOut,
  unreachable,
  type OpenWire,
  type ServerEvent,
  type WireEnd,
} from './wire';

/** What is used of a WebSocket: a browser's, Node's, or that of `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  /** As the standard has it: from 2 on it is closing. */
  readonly readyState?: number;
  send(text: string): void;
  close(): void;
}
export type WebSocketClass = new (url: string) => WebSocketLike;

const { limits } = contract;
const CLOSING = 2;
/** For the answer to a ping on a network that has just come: who waits on a slow one connects anew, and loses nothing. */
const PROBE_MS = 5_000;

/** Closes after which this client stays away. */
const FINAL: Partial<Record<number, ErrorCode>> = {
  4401: 'unauthorized',
  4403: 'forbidden',
  4409: 'replaced',
};

/** Frames `{type, data, id?}` over a WebSocket. */
export function openPlainWire(WebSocket: WebSocketClass): OpenWire {
  return ({ url, namespace, token }, { hear, end }) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${namespace}/connect`);
    const begunAt = performance.now();
    const answers = new Map<Frame['id'], (answer: Ack<RequestName>) => void>();
    let requests = 0;
    let isOpen = false;
    let isConnected = false;
    let cause: unknown;
    let overdue: ReturnType<typeof setTimeout> | undefined;
    let overdueAt = Infinity;
    // A WebSocket does not show its user the server's pings, and nobody else notices that a server went silently.
    const heartbeat = setInterval(() => {
      if (isOpen) ping(limits.pingTimeoutMs);
    }, limits.pingIntervalMs);
    // A socket of the network before gets no packets any more, not even a close.
    const unlisten = onOnline(() => {
      if (isConnected) ping(PROBE_MS);
      else end({ ...disconnected('another network'), delayMs: 0 });
    });

    function ping(timeoutMs: number): void {
      // No request of the catalogue: answered with `not_found`, which is a sign of life.
      write({ type: 'ping', id: 'ping' });
      const at = performance.now() + timeoutMs;
      if (at >= overdueAt) return;
      overdueAt = at;
      clearTimeout(overdue);
      overdue = setTimeout(() => end(disconnected('ping timeout')), timeoutMs);
    }
    function write(frame: Frame): void {
      // `close` follows, and tells what was lost; a browser would report a send as an error of the page.
      if ((socket.readyState ?? 0) >= CLOSING) return;
      socket.send(JSON.stringify(frame));
    }
    function take({ type, data, id }: Frame): void {
      if (type === 'ack') {
        const answered = answers.get(id);
        answers.delete(id);
        answered?.(data as Ack<RequestName>);
      } else if (type === 'error') {
        if (!isConnected) end(refusal(data as WireError));
      } else if (contract.serverEvents.includes(type)) {
        isConnected ||= type === 'connected';
        hear({ name: type, payload: data } as ServerEvent);
      }
    }
    /**
     * Too late and none at all look the same to the server: on a slow network it may be about time, not about the
     * token.
     */
    function refusal(error: WireError): WireEnd {
      const isLate = performance.now() - begunAt >= limits.handshakeMs;
      return isLate && error.code === 'unauthorized' ? timedOut(url) : refused(error);
    }

    socket.onopen = () => {
      isOpen = true;
      // Not in the URL, which proxies log.
      write({ type: 'auth', data: { token, protocol: contract.protocolVersion, compact: 1 } });
    };
    socket.onmessage = ({ data }: { data: unknown }) => {
      clearTimeout(overdue);
      overdueAt = Infinity;
      const frame = parseFrame(data);
      if (frame) take(frame);
    };
    // `close` follows. This listener stays: without one the WebSocket of `ws` throws.
    socket.onerror = ({ error }: { error?: unknown }) => (cause = error);
    socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
      end(isOpen ? closed(code, reason) : unreachable(url, cause));
    return {
      send(name, payload, answered) {
        if (!answered) return write({ type: name, data: payload });
        requests += 1;
        answers.set(requests, answered);
        write({ type: name, data: payload, id: requests });
      },
      close() {
        unlisten();
        clearInterval(heartbeat);
        clearTimeout(overdue);
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      },
    };
  };
}

function closed(status: number, reason: string): WireEnd {
  const code = FINAL[status];
  if (!code) return disconnected(`${status} ${reason}`.trim());
  const error = new MessengerError(code, `closed by the server: ${reason || code}`);
  return { error, reconnect: false };
}

/** Undefined for what is no frame: it is passed over like a frame of an unknown type. */
function parseFrame(text: unknown): Frame | undefined {
  try {
    const frame = JSON.parse(String(text)) as Partial<Frame> | null;
    return typeof frame?.type === 'string' ? (frame as Frame) : undefined;
  } catch {
    return undefined;
  }
}
