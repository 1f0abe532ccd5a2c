import type {
  Ack,
  Actor,
  ClientToServer,
  Event,
  RequestPayload,
  ServerToClient,
} from '@agent-messenger/contracts';
import { kindOf } from '@agent-messenger/contracts';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import Redis from 'ioredis';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import type { TokenEvents } from '../bench/open-socket';

type Io = Server<ClientToServer & TokenEvents, ServerToClient & TokenEvents>;

/**
 * The bare limit that the bench compares with: acks a send and emits the event to both members, through the sharded
 * Redis adapter, without storing or checking anything. Same wire format, same Socket.IO settings as a gateway.
 */
async function serve(redisUrl: string): Promise<number> {
  const publisher = new Redis(redisUrl, { lazyConnect: true });
  const subscriber = new Redis(redisUrl, { lazyConnect: true });
  // Connected before the adapter subscribes: the ready check of ioredis fails on a connection that has subscriptions.
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer();
  if (process.env['TRANSPORT'] === 'ws') return listenOn(servePlain(http));
  const io: Io = new Server(http, {
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
    adapter: createShardedAdapter(publisher, subscriber, { subscriptionMode: 'dynamic' }),
  });
  for (const namespace of ['/client', '/agent']) {
    io.of(namespace).on('connection', async (socket) => {
      const id = String(socket.handshake.auth['identity']) as Actor['id'];
      const sender: Actor = { kind: kindOf(id), id };
      socket.on('message:send', (send, ack) => answer(io, sender, send, ack));
      socket.on('token', (token) => io.of('/client').to(token.to).emit('token', token));
      await socket.join(id);
      // On the same connection after the room's own SSUBSCRIBE: its reply means that both are in place.
      await subscriber.ssubscribe(`joined:${id}`);
      socket.emit('synced', {});
    });
  }
  return listenOn(http);
}

async function listenOn(http: HttpServer): Promise<number> {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return (http.address() as AddressInfo).port;
}

/** Bare `ws`: each connection is told that it is in sync when it has said who it is. */
function servePlain(http: HttpServer): HttpServer {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.once('message', () => socket.send(JSON.stringify({ type: 'synced', data: {} })));
  });
  return http;
}

function answer(
  io: Io,
  sender: Actor,
  { conversation_id, client_id, content }: RequestPayload<'message:send'>,
  ack?: (answer: Ack<'message:send'>) => void,
): void {
  const at = new Date().toISOString();
  // There is no log that would give a position.
  const seq = 1;
  const message = {
    id: `msg_${randomUUID()}`,
    conversation_id,
    seq,
    updated_seq: seq,
    sender,
    client_id,
    content,
    reactions: [],
    created_at: at,
  };
  const event: Event = {
    conversation_id,
    seq,
    type: 'message.created',
    actor: sender,
    at,
    message,
  };
  ack?.({ ok: true, message, duplicate: false });
  const pair = conversation_id.slice('cnv_'.length);
  io.of('/client').to(`usr_${pair}`).emit('event', event);
  io.of('/agent').to(`agt_${pair}`).emit('event', event);
}

process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
void serve(process.env['REDIS_URL'] ?? '').then((port) => process.send?.({ type: 'ready', port }));
