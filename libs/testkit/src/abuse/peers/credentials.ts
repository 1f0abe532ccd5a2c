import { randomBytes } from 'node:crypto';
import { answerOf, ask, untilRefused } from '../ask';
import { waitFor } from '../../wait-for';
import type { GreedyPeer } from '../greedy-peer';
import { GreedySocket } from '../greedy-socket';
import { createPair, type AbuseScene } from '../scene';

const LIMITED = 'rate_limited, with a time';
const UNAUTHORIZED = 'unauthorized';

/** Credentials that are wrong, spent or withdrawn. */
export const credentials: GreedyPeer[] = [
  {
    name: 'wrong keys of agents',
    does: 'connects with made-up keys',
    answers: ['closed: unauthorized', `closed: ${LIMITED}`, 'closed: unavailable, with a time'],
    first: 'closed: unauthorized',
    prepare: (scene) =>
      Promise.resolve(async () => {
        const ends = await Promise.all(
          Array.from({ length: 10 }, async () => {
            const socket = await GreedySocket.stranger(scene, 'plain WebSocket', 'agent');
            const secret = randomBytes(32).toString('base64url');
            socket.present({ api_key: `amk_${randomBytes(8).toString('hex')}_${secret}` }, 'agent');
            return socket.ended();
          }),
        );
        return ends[0] ?? '';
      }),
  },
  {
    name: 'a token of an ended session',
    does: 'connects with a token whose session has ended',
    answers: ['closed: unauthorized', `closed: ${LIMITED}`, 'closed: unavailable, with a time'],
    first: 'closed: unauthorized',
    async prepare(scene) {
      const { person } = await createPair(scene);
      const { refresh_token, access_token: token } = person;
      await ask(scene, 'POST', '/auth/logout', { body: { refresh_token } });
      return async () => {
        const socket = await GreedySocket.stranger(scene, 'plain WebSocket');
        socket.present({ token });
        return socket.ended();
      };
    },
  },
  {
    name: 'a spent refresh token',
    does: 'shows a refresh token that was used at the logout of all sessions',
    answers: ['204', `429 ${LIMITED}`],
    first: '204',
    async prepare(scene) {
      const { person } = await createPair(scene);
      const { refresh_token } = person;
      await ask(scene, 'POST', '/auth/refresh', { body: { refresh_token } });
      const body = { refresh_token, everywhere: true };
      return async () => answerOf(await ask(scene, 'POST', '/auth/logout', { body }));
    },
  },
  {
    name: 'refusals to be recorded',
    does: 'logs in as made-up people, to fill the audit log',
    answers: [`401 ${UNAUTHORIZED}`, `429 ${LIMITED}`],
    first: `401 ${UNAUTHORIZED}`,
    prepare: (scene) =>
      Promise.resolve(() =>
        untilRefused(
          async () => {
            const body = {
              username: `p-${randomBytes(6).toString('hex')}`,
              password: 'x'.repeat(12),
            };
            return answerOf(await ask(scene, 'POST', '/auth/login', { body }));
          },
          { most: 10, atOnce: 10 },
        ),
      ),
  },
  {
    name: 'guesses of a password to confirm',
    does: 'guesses the password of a session that it has, to change it',
    answers: [`401 ${UNAUTHORIZED}`, `429 ${LIMITED}`],
    first: `401 ${UNAUTHORIZED}`,
    async prepare(scene) {
      const { person } = await createPair(scene);
      return () => confirm(scene, person.access_token, 'not the password');
    },
  },
  {
    name: 'the password of an ended session',
    does: 'shows the right password with a token whose session has ended, to learn that it is right',
    answers: [`401 ${UNAUTHORIZED}`, `429 ${LIMITED}`],
    first: `401 ${UNAUTHORIZED}`,
    async prepare(scene) {
      const { person } = await createPair(scene);
      const { refresh_token } = person;
      await ask(scene, 'POST', '/auth/logout', { body: { refresh_token } });
      return () => confirm(scene, person.access_token, person.password);
    },
  },
  {
    name: 'take-overs',
    does: 'connects as one identity, again and again',
    answers: [`closed: ${LIMITED}`],
    async prepare(scene) {
      const { person } = await createPair(scene);
      return async () => {
        for (let n = 0; n < 200; n += 1) {
          const socket = await GreedySocket.stranger(scene, 'plain WebSocket');
          socket.present({ token: person.access_token });
          await waitFor(() => socket.isClosed || socket.has('"synced"'), { intervalMs: 2 });
          if (socket.isClosed) return socket.ended();
          socket.close();
        }
        return 'ok';
      };
    },
  },
];

/** Ten at once. @returns the first answer, or the first that is another one */
function confirm(scene: AbuseScene, bearer: string, current_password: string): Promise<string> {
  const body = { current_password, new_password: 'another password' };
  return untilRefused(
    async () => answerOf(await ask(scene, 'POST', '/auth/password', { bearer, body })),
    { most: 10, atOnce: 10 },
  );
}
