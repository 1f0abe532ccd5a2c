import { toProblem } from '@agent-messenger/service-kit';
import type { RequestHandler } from 'express';
import { socketPathOf } from '../sockets/socket-paths';

/** Requests that came without the upgrade that opens a connection, most often because a proxy has taken it away. */
export const upgradeRequired: RequestHandler = (request, response, next) => {
  const opened = socketPathOf(request.path);
  if (opened === undefined) return next();
  const isPolling = opened === 'socket.io' && request.query['transport'] === 'polling';
  const detail = isPolling
    ? "There is no polling here: clients of Socket.IO need transports: ['websocket']"
    : 'A WebSocket is opened here, and this request came without Upgrade: websocket. If the client sent it, a proxy in front does not pass it on (docs/proxies.md)';
  response
    .status(426)
    .set({ Upgrade: 'websocket', Connection: 'Upgrade' })
    .type('application/problem+json')
    .send(
      JSON.stringify({ ...toProblem({ code: 'invalid_payload', message: detail }), status: 426 }),
    );
};
