import type { Actor, WireError } from '@agent-messenger/contracts';
import { toWireError } from '@agent-messenger/service-kit';
import type { AppError, Logger } from '@agent-messenger/service-kit';
import type { IncomingMessage } from 'node:http';
import type { Counter } from 'prom-client';
import type { Authenticator } from '../authenticate';
import type { Admission, Admitted } from '../connections/admission';
import type { LiveConnection } from '../connections/live-connection';
import type { RateLimits } from '../rate-limits';

/**
 * Characters of the frame in which a peer says who it is; the longest token is half of it. A frame of 2 MiB may cost
 * 200 ms of the one thread to parse (Node 20, nested arrays): that is for those who are known, and limited.
 */
export const CREDENTIALS_CHARS = 16 * 1024;

interface HandshakeOptions {
  authenticator: Authenticator;
  admission: Admission;
  limits: Pick<RateLimits, 'connects'>;
  connects: Counter<'outcome'>;
  log: Logger;
}

/** From a transport that has just opened to an admitted connection, the same for every transport. */
export class Handshake {
  /** Each rejects when its address has made too many of them. */
  private readonly attempts = new WeakMap<IncomingMessage, Promise<void>>();

  constructor(private readonly options: HandshakeOptions) {}

  /** Counts an attempt at its upgrade, however far it goes from there; its peer is told by `enter` and `refuse`. */
  count(request: IncomingMessage, ip: string): void {
    const attempt = this.options.limits.connects.take(ip);
    attempt.catch(() => {
      // Who goes before it says anything is told nothing.
    });
    this.attempts.set(request, attempt);
  }

  /** @param payload what the peer presented @returns the connection, or what to answer the peer before closing */
  async enter(
    request: IncomingMessage,
    kind: Actor['kind'],
    payload: unknown,
    live: LiveConnection,
  ): Promise<{ admitted: Admitted } | { refusal: WireError }> {
    const { authenticator, admission, connects } = this.options;
    try {
      await this.attempts.get(request);
      admission.checkRoom();
      const credentials = await authenticator.handshake(kind, payload, live.ip);
      const admitted = await admission.admit(credentials, live);
      connects.inc({ outcome: 'accepted' });
      return { admitted };
    } catch (error) {
      return { refusal: this.refusal(error) };
    }
  }

  /** Of a peer that cannot enter, whoever it is. @returns what to answer it before closing */
  async refuse(request: IncomingMessage, reason: AppError): Promise<WireError> {
    try {
      await this.attempts.get(request);
      return this.refusal(reason);
    } catch (limited) {
      return this.refusal(limited);
    }
  }

  /** The peer can be written to: greets it and writes what is undelivered. */
  begin(admitted: Admitted): void {
    const { admission, log } = this.options;
    admission.begin(admitted).catch((error: unknown) => {
      log.error({ err: error }, 'beginning a connection failed');
      admitted.connection.close('internal', 1_000);
    });
  }

  /** The transport is gone. @param wasSilent it was cut, since its peer no longer answered pings */
  leave({ connection }: Admitted, wasSilent = false): void {
    const { admission, log } = this.options;
    admission
      .leave(connection, wasSilent)
      .catch((error: unknown) => log.error({ err: error }, 'leaving failed'));
  }

  private refusal(error: unknown): WireError {
    const { connects, log } = this.options;
    const refusal = toWireError(error, log);
    connects.inc({ outcome: refusal.code });
    return refusal;
  }
}
