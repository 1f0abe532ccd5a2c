import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { AppendQueue } from '../writes/append-queue';
import type { Admission } from '../connections/admission';
import type { Connection } from '../connections/connection';
import type { Connections } from '../connections/connections';

interface DrainOptions {
  /** Of each transport. */
  servers: { close(): Promise<void> }[];
  admission: Admission;
  connections: Connections;
  appends: AppendQueue;
  spreadMs: number;
}

/**
 * Asks every client to move, each at its own moment, so that the other gateways are not stormed; until then it is
 * served. Resolves when all connections are closed and all that was asked is answered.
 */
export async function drain({
  servers,
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
    // What was asked is answered before the connection goes: in the turn of the loop in which the store has answered.
    await appends.settled();
    await turn();
    connection.close('draining', 0);
  };
  await Promise.all(connections.all().map(move));
  // Also those that have not said yet who they are.
  await Promise.all(servers.map((server) => server.close()));
  await appends.flush();
}
