import { connect } from 'node:net';
import { answerOf, ask, untilRefused } from '../ask';
import type { GreedyPeer } from '../greedy-peer';
import { GreedySocket } from '../greedy-socket';
import { createPair, fill, type AbuseScene } from '../scene';

const LIMITED = 'rate_limited, with a time';
const CONNECTIONS = 8;
const PIPELINED = 16;
/** Longer than a connection may stand still. */
const UNREAD_MS = 60_000;

/** Requests that only read, within their budgets. */
export const reads: GreedyPeer[] = [
  {
    name: 'watching everybody',
    does: 'watches 200 identities, again and again',
    answers: [LIMITED],
    async prepare(scene) {
      const { person, agent } = await createPair(scene);
      const identities = [agent.id, ...Array.from({ length: 199 }, (_, n) => `agt_${n}`)];
      return async () => {
        const socket = await GreedySocket.person(scene, 'plain WebSocket', person.access_token);
        const answer = await untilRefused(() => socket.request('presence:watch', { identities }), {
          most: 3_000,
          atOnce: 50,
        });
        socket.close();
        return answer;
      };
    },
  },
  {
    name: 'pages of history',
    does: 'reads the largest pages of a conversation of large messages, 20 at a time',
    answers: [`429 ${LIMITED}`],
    async prepare(scene) {
      const pair = await createPair(scene);
      await fill(scene, pair, 50);
      const path = `/conversations/${pair.conversationId}/messages?limit=200`;
      const bearer = pair.person.access_token;
      return () =>
        untilRefused(async () => answerOf(await ask(scene, 'GET', path, { bearer })), {
          most: 200,
        });
    },
  },
  {
    name: 'pages that nobody takes',
    does: `asks for ${PIPELINED} pages on each of ${CONNECTIONS} connections, and reads none`,
    answers: ['cut'],
    async prepare(scene) {
      const pair = await createPair(scene);
      await fill(scene, pair, 50);
      return untaken(scene, `/conversations/${pair.conversationId}/messages?limit=200`, {
        Authorization: `Bearer ${pair.person.access_token}`,
      });
    },
  },
  {
    name: 'files that nobody takes',
    does: `asks for ${PIPELINED} large files on each of ${CONNECTIONS} connections, and reads none`,
    answers: ['cut'],
    prepare: (scene) => Promise.resolve(untaken(scene, '/docs/swagger-ui-bundle.js')),
  },
];

/** As many requests as may wait on each of some connections, and an empty line now and then: something is said. */
function untaken(
  scene: AbuseScene,
  path: string,
  headers: Record<string, string> = {},
): () => Promise<string> {
  const { hostname, port } = new URL(scene.url);
  const lines = Object.entries({ Host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const request = [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  const one = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        ...{ host: hostname, port: Number(port) },
        localAddress: scene.address,
      });
      socket.on('connect', () => socket.pause());
      // A paused socket learns of its end when it writes.
      const timer = setInterval(() => socket.write('\r\n'), 100);
      const late = setTimeout(() => reject(new Error('it was not cut')), UNREAD_MS);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(timer);
        clearTimeout(late);
        resolve('cut');
      });
      socket.write(request.repeat(PIPELINED));
    });
  return async () => {
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, one));
    return answers[0] ?? '';
  };
}
