import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from 'socket.io';
import type { AppendQueue } from '../append-queue';
import type { Admission } from '../connections/admission';
import type { Connection } from '../connections/connection';
import type { Connections } from '../connections/connections';
import type { EngineSocket } from './socket-io-connection';
import { closeEngine } from './socket-io-connection';

interface DrainOptions {
  io: Server;
  admission: Admission;
  connections: Connections;
  appends: AppendQueue;
  spreadMs: number;
}

/**
 * Asks every client to move, each at its own moment, so that the other gateways are not stormed; until then it is served.
 * Resolves when all connections are closed and all that was asked is answered.
 */
export async function drain({
  io,
  admission,
  connections,
  appends,
  spreadMs,
}: DrainOptions): Promise<void> {
  admission.stop();
  const move = async (connection: Connection) => {
    const afterMs = Math.floor(Math.random() * spreadMs);
    connection.send('draining', { reconnect_after_ms: afterMs });
    await delay(afterMs);
    // What was asked is answered before the connection goes.
    await appends.settled();
    connection.close('draining', 0);
  };
  await Promise.all(connections.all().map(move));
  const { clients } = io.engine as unknown as { clients: Record<string, EngineSocket> };
  const closed = Object.values(clients).map((client) => once(client, 'close'));
  // Also those that have not said yet who they are.
  for (const client of Object.values(clients)) closeEngine(client);
  await Promise.all(closed);
  await appends.flush();
}
