import { isUtf8 } from 'node:buffer';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import express from 'express';
import { AppError, toProblem, toWireError } from './errors';
import type { Logger } from './logger';
import type { Scope } from './scope';

/** An Express app without what gives internals away. */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  return app;
}

/** Parses JSON bodies up to `limit` bytes; invalid UTF-8 is refused instead of being replaced. */
export function jsonBody(limit: number): RequestHandler {
  return express.json({
    limit,
    strict: false,
    inflate: false,
    verify: (_request, _response, body) => {
      if (!isUtf8(body)) throw new AppError('invalid_payload', 'The body is not valid UTF-8');
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
    sendProblem(response, fromExpress(error), log.child({ path: request.path }));
  };
}

function sendProblem(response: Response, error: unknown, log: Logger): void {
  const problem = toProblem(toWireError(error, log));
  if (problem.retry_after_ms !== undefined) {
    response.setHeader('Retry-After', Math.ceil(problem.retry_after_ms / 1_000));
  }
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** What Express and its body parser throw, in our codes. */
function fromExpress(error: unknown): unknown {
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

/** A server with deadlines against slow headers and bodies. */
export function createHttpServer(app?: Express): Server {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
    app,
  );
  server.keepAliveTimeout = 65_000;
  return server;
}
