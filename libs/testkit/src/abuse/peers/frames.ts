import { setTimeout as delay } from 'node:timers/promises';
import type { GreedyPeer } from '../greedy-peer';
import { FRAME, GreedySocket, type GreedyTransport } from '../greedy-socket';
import { createPair, fill } from '../scene';

const PIECE = 1_000;
const PAUSE_MS = 5;
const LIMITED = 'closed: rate_limited, with a time';
/** Between connections: more of them are refused for being too many. */
const BETWEEN_MS = 1_000;

/** Frames of somebody who is known. */
export function framesOn(transport: GreedyTransport): GreedyPeer[] {
  return [
    {
      name: `unread pongs, ${transport}`,
      does: 'pings as fast as it can, and does not read what it is answered',
      answers: ['cut', LIMITED],
      async prepare(scene) {
        const { person } = await createPair(scene);
        return async () => {
          const socket = await GreedySocket.person(scene, transport, person.access_token);
          socket.stopReading();
          while (!socket.isClosed) {
            socket.flood(FRAME.ping, 'x'.repeat(125), PIECE);
            await delay(PAUSE_MS);
          }
          await delay(BETWEEN_MS);
          return socket.ended();
        };
      },
    },
    {
      name: `pages asked for and not read, ${transport}`,
      does: 'asks for page after page of the log, and does not read them',
      answers: ['cut', LIMITED],
      async prepare(scene) {
        const pair = await createPair(scene);
        await fill(scene, pair, 20);
        return async () => {
          const socket = await GreedySocket.person(scene, transport, pair.person.access_token);
          socket.stopReading();
          const page = { conversation_id: pair.conversationId, after_seq: 0, limit: 200 };
          while (!socket.isClosed) {
            for (let n = 0; n < 100; n += 1) socket.ask('sync', page);
            await delay(PAUSE_MS);
          }
          await delay(BETWEEN_MS);
          return socket.ended();
        };
      },
    },
    {
      name: `the largest frames, ${transport}`,
      does: 'sends 2 MiB of nested arrays, again and again',
      answers: [transport === 'Socket.IO' ? 'closed: 1005' : 'not_found'],
      async prepare(scene) {
        const { person } = await createPair(scene);
        const nested = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
        return async () => {
          const socket = await GreedySocket.person(scene, transport, person.access_token);
          let last = '';
          for (let n = 0; n < 3; n += 1) {
            socket.send(
              transport === 'Socket.IO'
                ? `42/client,["nope",${nested}]`
                : `{"type":"nope","data":${nested}}`,
            );
            last = await socket.request('nope', {});
          }
          socket.close();
          return last;
        };
      },
    },
  ];
}

/** What only Socket.IO has. */
export const packets: GreedyPeer[] = [
  {
    name: 'acks of nothing, Socket.IO',
    does: 'sends ACK packets that nobody has asked for',
    answers: [LIMITED],
    async prepare(scene) {
      const { person } = await createPair(scene);
      return async () => {
        const socket = await GreedySocket.person(scene, 'Socket.IO', person.access_token);
        for (let id = 0; id < 3 * PIECE; id += 1) socket.send(`43/client,${id}[]`);
        return socket.ended();
      };
    },
  },
  {
    name: 'attachments, Socket.IO',
    does: 'sends requests with binary attachments',
    answers: [LIMITED],
    async prepare(scene) {
      const { person } = await createPair(scene);
      return async () => {
        const socket = await GreedySocket.person(scene, 'Socket.IO', person.access_token);
        for (let n = 0; n < PIECE; n += 1) {
          socket.send(
            '452-/client,["typing",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
          );
          socket.send(Buffer.alloc(1_000));
          socket.send(Buffer.alloc(1_000));
        }
        return socket.ended();
      };
    },
  },
];
