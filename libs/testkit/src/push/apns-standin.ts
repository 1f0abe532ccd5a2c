import { randomUUID } from 'node:crypto';
import {
  createSecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import {
  apnsBackgroundSchema,
  apnsPayloadSchema,
  checkApnsRequest,
  ProviderTokenCheck,
  tokenOf,
  type ApnsAccount,
  type ApnsAnswer,
} from './apns-checks';
import { Faults, pauseFor } from './faults';
import { serveLoopback, type LoopbackServer } from './loopback-server';
import type { ShownNotification } from './shown-notification';
import type { TestTls } from './test-ca';

export interface ApnsStandin extends LoopbackServer {
  readonly faults: Faults<ApnsAnswer>;
  /** Requests so far, taken or not. */
  readonly requests: number;
  /** Reasons of the refusals that were not asked for: each is a bug of the sender. */
  readonly complaints: string[];
  /** Those that requests have come with so far. */
  readonly providerTokens: ReadonlySet<string>;
}

interface ApnsStandinOptions {
  tls: TestTls;
  account: ApnsAccount;
  onNotification: (notification: ShownNotification) => void;
}

/** A server that checks what Apple's checks, and can be told to answer what Apple's may answer. */
export async function startApnsStandin({
  tls,
  account,
  onNotification,
}: ApnsStandinOptions): Promise<ApnsStandin> {
  const faults = new Faults<ApnsAnswer>();
  const complaints: string[] = [];
  const providerTokens = new Set<string>();
  const tokens = new WeakMap<Http2Session, ProviderTokenCheck>();
  let requests = 0;

  function check(session: Http2Session, headers: IncomingHttpHeaders, body: string) {
    const tokenCheck = tokens.get(session) ?? new ProviderTokenCheck(account);
    tokens.set(session, tokenCheck);
    if (headers.authorization !== undefined) providerTokens.add(headers.authorization);
    return tokenCheck.check(headers.authorization) ?? checkApnsRequest(headers, body, account);
  }

  async function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const { session } = stream;
    const body = await read(stream);
    requests += 1;
    if (!session) return;
    const problem = check(session, headers, body);
    if (problem) {
      complaints.push(problem.reason);
      return answer(stream, problem);
    }
    const fault = faults.take();
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'drop') return session.destroy();
    if (fault?.kind === 'answer') return answer(stream, fault.answer);
    onNotification(toShown(headers, body));
    if (fault?.kind === 'goaway') session.goaway();
    await pauseFor(fault);
    if (!stream.destroyed) answer(stream, undefined);
  }

  const server = createSecureServer({ key: tls.key, cert: tls.cert });
  // A client may go away at any moment.
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    handle(stream, headers).catch((error: unknown) => {
      complaints.push(String(error));
      stream.destroy();
    });
  });
  const loopback = await serveLoopback(server);
  const standin = Object.assign(loopback, { faults, complaints, providerTokens, requests });
  return Object.defineProperty(standin, 'requests', { get: () => requests });
}

/** Not by an iterator: that takes as long as all the rest. */
function read(stream: ServerHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    stream.on('end', () => resolve(body));
    stream.on('close', () => reject(new Error('the client went away')));
  });
}

function answer(stream: ServerHttp2Stream, problem: ApnsAnswer | undefined): void {
  const id = { 'apns-id': randomUUID() };
  if (!problem) {
    stream.respond({ ':status': 200, ...id });
    stream.end();
    return;
  }
  const { status, reason, timestamp, retryAfterS } = problem;
  const retry = retryAfterS === undefined ? {} : { 'retry-after': `${retryAfterS}` };
  stream.respond({ ':status': status, ...id, ...retry });
  stream.end(JSON.stringify({ reason, timestamp }));
}

function toShown(headers: IncomingHttpHeaders, body: string): ShownNotification {
  const common = {
    platform: 'apns' as const,
    token: tokenOf(headers) ?? '',
    collapse_id: `${headers['apns-collapse-id']}`,
    expires_at: Number(headers['apns-expiration'] ?? 0) * 1_000,
    urgent: `${headers['apns-priority'] ?? 10}` === '10',
    at: Date.now(),
  };
  if (headers['apns-push-type'] === 'background') {
    const {
      event,
      title = '',
      body: text = '',
      ...rest
    } = apnsBackgroundSchema.parse(JSON.parse(body));
    const { badge, conversation_id, seq } = rest;
    return { ...common, change: event, title, body: text, badge, conversation_id, seq };
  }
  const { aps, conversation_id, seq } = apnsPayloadSchema.parse(JSON.parse(body));
  const { badge, sound } = aps;
  return { ...common, ...aps.alert, badge, conversation_id, seq, sound };
}
