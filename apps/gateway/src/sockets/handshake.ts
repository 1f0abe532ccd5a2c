import type { Actor, WireError } from '@agent-messenger/contracts';
import { AppError, toWireError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import { presentedIn, type Authenticator } from '../credentials/authenticate';
import type { Admission, Admitted } from '../connections/admission';
import type { Connection } from '../connections/connection';
import type { LiveConnection } from '../connections/live-connection';
import type { Reservation, RateLimit } from '../limits/rate-limit';

/**
 * Characters of the frame in which a peer says who it is; the longest token is half of it. A frame of 2 MiB may cost
 * 200 ms of the one thread to parse (Node 20, nested arrays): that is for those who are known, and limited.
 */
export const CREDENTIALS_CHARS = 16 * 1024;

/** Long enough for an operator's mistake not to become a storm. */
const INTERNAL_RETRY_MS = 5_000;

/**
 * What a person presents in the query of the upgrade, whose client can send nothing else; undefined without a token.
 */
export function queryHandshake(query: URLSearchParams): Record<string, unknown> | undefined {
  const token = query.get('token');
  if (token === null) return undefined;
  const wishes = ['compact', 'max_frame_bytes'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, Number(value)] as const];
  });
  return { token, ...Object.fromEntries(wishes) };
}

interface HandshakeOptions {
  authenticator: Authenticator;
  admission: Admission;
  wrongConnects: RateLimit;
  connects: Counter<'outcome'>;
  log: Logger;
}

/** From a transport that has just opened to an admitted connection, the same for every transport. */
export class Handshake {
  constructor(private readonly options: HandshakeOptions) {}

  /**
   * @param payload what the peer presented
   * @param attempt as its address was counted it
   * @returns the connection, or what to answer the peer before closing
   */
  async enter(
    kind: Actor['kind'],
    payload: unknown,
    live: LiveConnection,
    attempt: Reservation | undefined,
  ): Promise<{ admitted: Admitted } | { refusal: WireError }> {
    const { admission, connects } = this.options;
    try {
      admission.checkRoom();
      const credentials = await this.identify(kind, payload, live.ip, attempt);
      // After it: strangers must not take the turns of those who may come in.
      admission.takeTurn();
      const admitted = await admission.admit(credentials, live);
      connects.inc({ outcome: 'accepted' });
      return { admitted };
    } catch (error) {
      return { refusal: this.refusal(error) };
    }
  }

  /**
   * Wrong credentials are counted apart from right ones: a program that goes on with a wrong key takes nothing from the
   * others at its address. Beyond that count only a key that has not been right before is refused unseen; a token is
   * verified here, which costs less than counting it.
   */
  private async identify(
    kind: Actor['kind'],
    payload: unknown,
    ip: string,
    attempt: Reservation | undefined,
  ) {
    const { authenticator, wrongConnects } = this.options;
    const key = apiKeyIn(payload);
    const isGuess = key !== undefined && !authenticator.rightKeys.has(key);
    try {
      if (isGuess) await wrongConnects.check(ip);
      return await authenticator.handshake(kind, payload, ip);
    } catch (error) {
      const code = error instanceof AppError ? error.code : undefined;
      if (code === 'unauthorized') await wrongConnects.count(ip);
      if (code === 'unauthorized' || code === 'rate_limited') await attempt?.refund();
      throw error;
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
  leave(connection: Connection, wasSilent = false): void {
    const { admission, log } = this.options;
    admission
      .leave(connection, wasSilent)
      .catch((error: unknown) => log.error({ err: error }, 'leaving failed'));
  }

  /** Of a peer that cannot enter. @returns what to answer it before closing */
  refusal(error: unknown): WireError {
    const { connects, log } = this.options;
    const refusal = toWireError(error, log);
    connects.inc({ outcome: refusal.code });
    // What we did not foresee says nothing about the peer, who without a hint would stay away for good.
    if (refusal.code !== 'internal') return refusal;
    return { ...refusal, retry_after_ms: INTERNAL_RETRY_MS };
  }
}

function apiKeyIn(payload: unknown): string | undefined {
  const { api_key: key } = presentedIn(payload);
  return typeof key === 'string' ? key : undefined;
}
