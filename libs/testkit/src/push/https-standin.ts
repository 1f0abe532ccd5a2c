import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { Faults, pauseFor } from './faults';
import { serveLoopback, type LoopbackServer } from './loopback-server';
import type { TestTls } from './test-ca';

export interface HttpsRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpsAnswer {
  status: number;
  body?: unknown;
  retryAfterS?: number;
  /** With a redirect. */
  location?: string;
}

export interface HttpsStandin extends LoopbackServer {
  readonly faults: Faults<HttpsAnswer>;
  /** Requests for which a fault or a notification was due. */
  readonly requests: number;
  /** The most of them that were under way at a time. */
  readonly mostAtOnce: number;
  /** Refusals that were not asked for: each is a bug of the sender. */
  readonly complaints: string[];
}

interface Checks {
  /** What is wrong with it; undefined: it is taken. */
  check: (request: HttpsRequest) => HttpsAnswer | undefined;
  /** Shows what was taken, and answers. */
  take: (request: HttpsRequest) => HttpsAnswer;
}

interface HttpsStandinOptions extends Checks {
  tls: TestTls;
  /** For what is no notification. */
  other?: Checks & {
    isFor: (request: HttpsRequest) => boolean;
    faults: Faults<HttpsAnswer>;
  };
}

/** Undefined: no answer; `drop`: the connection is cut. */
type Reaction = HttpsAnswer | 'drop' | undefined;

/** The HTTPS server of a stand-in, with faults. */
export async function serveHttpsStandin(options: HttpsStandinOptions): Promise<HttpsStandin> {
  const { tls, check, take, other } = options;
  const faults = new Faults<HttpsAnswer>();
  const complaints: string[] = [];
  let [requests, atOnce, mostAtOnce] = [0, 0, 0];

  async function react(
    request: HttpsRequest,
    { check, take, faults }: Checks & { faults: Faults<HttpsAnswer> },
  ): Promise<Reaction> {
    const problem = check(request);
    if (problem) {
      complaints.push(`${request.path} ${JSON.stringify(problem.body)}`);
      return problem;
    }
    const fault = faults.take();
    if (fault?.kind === 'silence') return undefined;
    if (fault?.kind === 'drop') return 'drop';
    if (fault?.kind === 'answer') return fault.answer;
    const taken = take(request);
    await pauseFor(fault);
    return taken;
  }

  async function reactToNotification(request: HttpsRequest): Promise<Reaction> {
    requests += 1;
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    try {
      return await react(request, { check, take, faults });
    } finally {
      atOnce -= 1;
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    const whole = { method, path, headers, body: Buffer.concat(chunks) };
    const given = other?.isFor(whole)
      ? await react(whole, other)
      : await reactToNotification(whole);
    if (given === 'drop') request.socket.destroy();
    if (given === 'drop' || given === undefined) return;
    response.statusCode = given.status;
    if (given.retryAfterS !== undefined) response.setHeader('retry-after', given.retryAfterS);
    if (given.location !== undefined) response.setHeader('location', given.location);
    if (given.body === undefined) return void response.end();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(given.body));
  }

  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      complaints.push(String(error));
      request.socket.destroy();
    });
  });
  const loopback = await serveLoopback(server);
  const standin = Object.assign(loopback, { faults, complaints, requests, mostAtOnce });
  return Object.defineProperties(standin, {
    requests: { get: () => requests },
    mostAtOnce: { get: () => mostAtOnce },
  });
}
