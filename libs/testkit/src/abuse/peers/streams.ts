import { randomUUID } from 'node:crypto';
import { waitFor } from '../../wait-for';
import type { GreedyPeer } from '../greedy-peer';
import { GreedySocket } from '../greedy-socket';
import { createPair } from '../scene';

/** A stream has at most the text of a message: some pieces of this size. */
const PIECE = 'x'.repeat(16_000);
const PIECES = 4;
const STREAMS = 40;
const LIMITED = 'rate_limited, with a time';

/** Answers that are written piece by piece. */
export const streams: GreedyPeer[] = [
  {
    name: 'the largest streams',
    does: 'begins one answer after the other, adds as much text as it may, and ends it',
    answers: [LIMITED, 'ok'],
    first: LIMITED,
    async prepare(scene) {
      const { agent, conversationId: conversation_id } = await createPair(scene);
      return async () => {
        const socket = await GreedySocket.agent(scene, agent.api_key);
        let answer = 'ok';
        for (let n = 0; n < STREAMS && answer === 'ok'; n += 1) {
          const stream = { conversation_id, stream_id: randomUUID() };
          answer = await socket.request('stream:start', stream);
          for (let k = 0; k < PIECES; k += 1) {
            socket.ask('stream:append', { ...stream, offset: k * PIECE.length, text: PIECE });
          }
          const offset = PIECES * PIECE.length;
          if (answer === 'ok') answer = await socket.request('stream:end', { ...stream, offset });
          // Appends are not answered: of what was refused an event tells, and at the end text is missing.
          if (answer === 'conflict') answer = await waitFor(() => socket.told('stream:state'));
        }
        socket.close();
        return answer;
      };
    },
  },
];
