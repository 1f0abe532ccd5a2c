import { once } from 'node:events';
import type { Admission } from '../connections/admission';
import type { Connections } from '../connections/connections';
import type { AppendQueue } from '../append-queue';
import type { Server } from 'socket.io';
import type { EngineSocket } from './socket-io-connection';
import { closeEngine } from './socket-io-connection';

/** Clients are asked to come back spread over this long, so that the other gateways are not stormed. */
const SPREAD_MS = 3_000;

/** Tells every client to move, closes the connections, and hands over what is waiting. */
export async function drain(
  io: Server,
  admission: Admission,
  connections: Connections,
  appends: AppendQueue,
): Promise<void> {
  admission.stop();
  // Answers what was asked before the clients are told to move.
  await appends.flush();
  for (const connection of connections.all()) {
    const reconnectAfterMs = Math.floor(Math.random() * SPREAD_MS);
    connection.send('draining', { reconnect_after_ms: reconnectAfterMs });
    connection.close('draining', reconnectAfterMs);
  }
  const { clients } = io.engine as unknown as { clients: Record<string, EngineSocket> };
  const closed = Object.values(clients).map((client) => once(client, 'close'));
  // Also those that have not said yet who they are.
  for (const client of Object.values(clients)) closeEngine(client);
  await Promise.all(closed);
  await appends.flush();
}
