import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { WireError } from '@agent-messenger/contracts';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import express from 'express';
import { cutStalled } from './cut-stalled';
import { hasInexactNumber } from './inexact-numbers';
import { AppError } from './app-error';
import { toProblem, toWireError } from './errors';
import type { Logger } from './logger';
import type { Scope } from './scope';

/** An Express app without what gives internals away, whose requests have ids. */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(identifyRequest);
  return app;
}

const REQUEST_ID = 'X-Request-Id';

/** Answers with the id by which our log names the request; a proxy or client may have chosen it. */
const identifyRequest: RequestHandler = (request, response, next) => {
  identify(request, response);
  next();
};

function identify(request: IncomingMessage, response: ServerResponse): void {
  // An app within an app: the outer one has done it.
  if (response.hasHeader(REQUEST_ID)) return;
  const given = request.headers['x-request-id'];
  const isUsable = typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given);
  response.setHeader(REQUEST_ID, isUsable ? given : randomUUID());
}

/**
 * Parses JSON bodies up to `limit` bytes; invalid UTF-8 is refused instead of being replaced, and with `exactNumbers`
 * what parsing would round.
 */
export function jsonBody(limit: number, { exactNumbers = false } = {}): RequestHandler {
  return express.json({
    limit,
    strict: false,
    inflate: false,
    verify: (_request, _response, body) => {
      if (!isUtf8(body)) throw new AppError('invalid_payload', 'The body is not valid UTF-8');
      if (exactNumbers && hasInexactNumber(body.toString('latin1'))) {
        throw new AppError(
          'invalid_payload',
          'The numbers of the body must be ones that a double keeps',
        );
      }
    },
  });
}

export const notFound: RequestHandler = () => {
  throw new AppError('not_found', 'There is nothing here');
};

/** The one place that answers failed requests: problem+json with a code, `Retry-After` where a retry may help. */
export function answerProblem(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const details = { path: request.path, request_id: response.getHeader(REQUEST_ID) };
    sendProblem(response, toWireError(fromExpress(error), log, details));
  };
}

/** The same for what is answered without Express. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { error, path, log }: { error: unknown; path: string; log: Logger },
): void {
  if (response.headersSent) return void response.destroy();
  identify(request, response);
  // What has not been read of it is not read any more.
  if (!request.complete) response.setHeader('Connection', 'close');
  const details = { path, request_id: response.getHeader(REQUEST_ID) };
  sendProblem(response, toWireError(error, log, details));
}

function sendProblem(response: ServerResponse, error: WireError): void {
  const problem = toProblem(error);
  if (problem.retry_after_ms !== undefined) {
    response.setHeader('Retry-After', Math.ceil(problem.retry_after_ms / 1_000));
  }
  response.statusCode = problem.status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.end(JSON.stringify(problem));
}

/** What Express and its body parser throw, in our codes. */
function fromExpress(error: unknown): unknown {
  // Also our own that went through the body parser, which has given it a status.
  if (error instanceof AppError) return error;
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number')
    return error;
  if (error.status === 413) return new AppError('payload_too_large', 'The body is too large');
  if (error.status === 415)
    return new AppError('unsupported_media_type', 'The encoding of the body is not supported');
  if (error.status >= 400 && error.status < 500) {
    return new AppError('invalid_payload', 'The request cannot be read', { cause: error });
  }
  return error;
}

/** Listens and registers the close. @throws the listen error, EADDRINUSE for instance */
export async function listen(
  server: Server,
  port: number,
  host: string,
  scope: Scope,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  scope.defer('http server', () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    return closed;
  });
  return (server.address() as AddressInfo).port;
}

export interface HttpBounds {
  /** Times for the headers and for the whole of a request, ms. */
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  /**
   * How long a connection may be open on which nothing moves, between requests or because the client does not read, ms.
   */
  idleTimeoutMs: number;
  /** How long a client may take nothing of an answer, whatever it sends, ms. */
  stallTimeoutMs: number;
  /** Open connections, those that have become WebSockets included; further ones are closed at once. */
  maxConnections: number;
}

const BOUNDS: HttpBounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 65_000,
  stallTimeoutMs: 65_000,
  maxConnections: 10_000,
};
/** Request line and all headers; more is answered 431. */
const HEADER_BYTES = 16 * 1024;

/** Requests of one connection that have no answer yet; one that sends more without waiting is cut. */
const PIPELINED = 16;

/**
 * A request is carried out when the client has taken what it asked for before. Node.js hands over all that it has read,
 * a thousand requests and more at once, and keeps the answers: eight clients that took none of theirs cost 650 MB.
 */
function inTurn(app: RequestListener, stallMs: number): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>();
  return (request, response) => {
    const { socket } = request;
    const carryOut = () => {
      response.once('close', next);
      cutStalled(response, socket, stallMs);
      app(request, response);
    };
    const next = () => {
      const following = waiting.get(socket)?.shift();
      if (!following) waiting.delete(socket);
      else if (!socket.destroyed) following();
    };
    const queue = waiting.get(socket);
    if (!queue) {
      waiting.set(socket, []);
      carryOut();
    } else if (queue.push(carryOut) >= PIPELINED) socket.destroy();
  };
}

/** A server with bounds against slow and large requests, and against clients that come and do not go. */
export function createHttpServer(app?: RequestListener, bounds: Partial<HttpBounds> = {}): Server {
  const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs, stallTimeoutMs, maxConnections } = {
    ...BOUNDS,
    ...bounds,
  };
  const headersTimeout = Math.min(headersTimeoutMs, requestTimeoutMs);
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: requestTimeoutMs,
      // How late the two above may be noticed.
      connectionsCheckingInterval: Math.min(headersTimeout / 2, 5_000),
      keepAliveTimeout: idleTimeoutMs,
      maxHeaderSize: HEADER_BYTES,
    },
    app && inTurn(app, stallTimeoutMs),
  );
  // Of a client that says half a line after an answer, nothing else ends the connection.
  server.timeout = idleTimeoutMs;
  server.maxConnections = maxConnections;
  return server;
}
