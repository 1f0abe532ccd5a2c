import type { Socket } from 'socket.io';

/**
 * What Socket.IO keeps for as long as an idle connection lives, and nobody needs: its request with the credentials,
 * places for acks, which nothing is sent for here, for data of ours, and for sixteen more in each list.
 */
export function keepLess(socket: Socket): void {
  const { conn, handshake, client } = socket;
  Object.assign(conn, { request: undefined });
  Object.assign(handshake, FORGOTTEN);
  Object.assign(socket, { data: NOTHING, acks: NO_ACKS });
  // Of requests that follow the first one, as with the other transport.
  conn.transport.removeAllListeners('headers');
  fit(conn, 'cleanupFn');
  fit(socket, '_anyListeners');
  const { decoder } = client as unknown as { decoder: { _callbacks: object } };
  fit(decoder._callbacks, '$decoded');
}

const NOTHING = Object.freeze({});
const FORGOTTEN = { headers: NOTHING, auth: NOTHING, query: NOTHING, url: '', time: '' };
/** Of all: nothing is ever in it. */
const NO_ACKS = new Map<number, never>();

/** V8 gives an array that grows by one room for seventeen, a copy of it what is in it. */
function fit(owner: object, name: string): void {
  const list = (owner as Record<string, unknown>)[name];
  if (Array.isArray(list)) Object.assign(owner, { [name]: list.slice() });
}
