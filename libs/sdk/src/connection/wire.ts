import type {
  Ack,
  RequestName,
  ServerEventName,
  ServerEventPayload,
  WireError,
} from '@agent-messenger/contracts';
import { fromWire, isTemporary, MessengerError } from '../errors';

/** How a socket's life ended, and what to do next. */
export interface Ending {
  error: MessengerError;
  reconnect: boolean;
  /** The server's hint; without one the client backs off by itself. */
  delayMs?: number | undefined;
  /** How long it was connected; 0 when it never was. */
  connectedMs: number;
}
/** An ending as a transport knows it. */
export type WireEnd = Omit<Ending, 'connectedMs'>;

export type ServerEvent = {
  [N in ServerEventName]: { name: N; payload: ServerEventPayload<N> };
}[ServerEventName];

export interface WireTarget {
  /** As `gatewayUrl` gives it. */
  url: string;
  namespace: '/client' | '/agent';
  token: string;
}

export interface WireHooks {
  hear(event: ServerEvent): void;
  /** The connection is gone, or never was. */
  end(end: WireEnd): void;
}

/** A transport's connection to a gateway. */
export interface Wire {
  /** With `answered` an answer is asked for; there is none when the connection ends. */
  send(name: RequestName, payload: unknown, answered?: (answer: Ack<RequestName>) => void): void;
  /** No hook is called from then on. */
  close(): void;
}

/** @throws whatever the transport does where it cannot even try */
export type OpenWire = (target: WireTarget, hooks: WireHooks) => Wire;

/** Ends a handshake. Who was told when to come back, or was refused for what may pass, comes back. */
export function refused(wireError: WireError): WireEnd {
  const error = fromWire(wireError);
  const delayMs = error.retryAfterMs;
  return { error, reconnect: delayMs !== undefined || isTemporary(error), delayMs };
}

export function unreachable(url: string, cause?: unknown): WireEnd {
  const error = new MessengerError('unreachable', `${url} is not reachable`, { cause });
  return { error, reconnect: true };
}

export function disconnected(reason: string): WireEnd {
  return {
    error: new MessengerError('disconnected', `connection lost: ${reason}`),
    reconnect: true,
  };
}

export function timedOut(url: string): WireEnd {
  return { error: new MessengerError('timeout', `${url}: no handshake`), reconnect: true };
}
