import { setTimeout as delay } from 'node:timers/promises';
import type { GreedyPeer } from '../greedy-peer';
import { FRAME, GreedySocket, type GreedyTransport } from '../greedy-socket';

const PIECE = 1_000;
const PAUSE_MS = 5;

/** Those who have not said who they are. */
export function strangersOn(transport: GreedyTransport): GreedyPeer[] {
  return [
    {
      name: `pings of a stranger, ${transport}`,
      does: 'pings as fast as it can, before any credentials',
      answers: ['closed: 1008'],
      prepare: (scene) =>
        Promise.resolve(async () => {
          const socket = await GreedySocket.stranger(scene, transport);
          socket.flood(FRAME.ping, 'x'.repeat(125), 20 * PIECE);
          return socket.ended();
        }),
    },
    {
      name: `unread pongs of a stranger, ${transport}`,
      does: 'the same, and does not read what it is answered',
      answers: ['cut', 'closed: 1008'],
      prepare: (scene) =>
        Promise.resolve(async () => {
          const socket = await GreedySocket.stranger(scene, transport);
          socket.stopReading();
          while (!socket.isClosed) {
            socket.flood(FRAME.ping, 'x'.repeat(125), PIECE);
            await delay(PAUSE_MS);
          }
          return socket.ended();
        }),
    },
    {
      name: `fragments of a stranger, ${transport}`,
      does: 'a first frame in pieces without end',
      answers: ['closed: 1008'],
      prepare: (scene) =>
        Promise.resolve(async () => {
          const socket = await GreedySocket.stranger(scene, transport);
          for (let n = 0; n < PIECE && !socket.isClosed; n += 1) {
            socket.socket.send('x', { fin: false }, () => undefined);
          }
          return socket.ended();
        }),
    },
  ];
}
