import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Faults } from './faults';
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
  /** Refusals that were not asked for: each is a bug of the sender. */
  readonly complaints: string[];
}

interface HttpsStandinOptions {
  tls: TestTls;
  /** Answers what is no notification, undefined for the rest. */
  before?: (request: HttpsRequest) => HttpsAnswer | undefined;
  /** What is wrong with it; undefined: it is taken. */
  check: (request: HttpsRequest) => HttpsAnswer | undefined;
  /** Shows what was taken, and answers. */
  take: (request: HttpsRequest) => HttpsAnswer;
}

/** The HTTPS server of a stand-in, with faults. */
export async function serveHttpsStandin(options: HttpsStandinOptions): Promise<HttpsStandin> {
  const { tls, before, check, take } = options;
  const faults = new Faults<HttpsAnswer>();
  const complaints: string[] = [];
  let requests = 0;

  /** Undefined: no answer; `drop`: the connection is cut. */
  async function answer(request: HttpsRequest): Promise<HttpsAnswer | 'drop' | undefined> {
    const other = before?.(request);
    if (other) {
      if (other.status >= 400) complaints.push(`${request.path} ${JSON.stringify(other.body)}`);
      return other;
    }
    requests += 1;
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
    if (fault?.kind === 'delay') await delay(fault.ms, undefined, { ref: false });
    return taken;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    const given = await answer({ method, path, headers, body: Buffer.concat(chunks) });
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
  return Object.defineProperties(
    { faults, complaints },
    {
      ...Object.getOwnPropertyDescriptors(loopback),
      requests: { get: () => requests, enumerable: true },
    },
  ) as HttpsStandin;
}
