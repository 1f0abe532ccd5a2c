import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { answerOf, ask, untilRefused } from '../ask';
import type { GreedyPeer } from '../greedy-peer';
import type { AbuseScene } from '../scene';

const LIMITED = 'rate_limited, with a time';
/** More than an address may have. */
const MOST_TCP = 1_500;
const AT_ONCE = 50;

/** TCP connections, sockets and requests of somebody who need not say who it is. */
export const connections: GreedyPeer[] = [
  {
    name: 'connections that say nothing',
    does: 'opens TCP connections, as many as it gets',
    answers: ['cut'],
    prepare: ({ url, address }) =>
      Promise.resolve(async () => {
        const { hostname, port } = new URL(url);
        const open = new Set<ReturnType<typeof connect>>();
        const answer = await new Promise<string>((resolve) => {
          for (let n = 0; n < MOST_TCP; n += 1) {
            const socket = connect({ host: hostname, port: Number(port), localAddress: address });
            open.add(socket);
            socket.on('error', () => undefined);
            socket.on('close', () => resolve('cut'));
          }
        });
        for (const socket of open) socket.destroy();
        return answer;
      }),
  },
  {
    name: 'connections that are kept alive',
    does: 'asks once on each of as many connections as it gets, and keeps them',
    answers: ['cut'],
    prepare: (scene) =>
      Promise.resolve(async () => {
        const open = new Set<Socket>();
        const cut = new AbortController();
        // Each is idle when the next ones come, for which those that came first give way.
        for (let n = 0; n < MOST_TCP && !cut.signal.aborted; n += AT_ONCE) {
          await Promise.all(Array.from({ length: AT_ONCE }, () => keepOne(scene, open, cut)));
        }
        for (const socket of open) socket.destroy();
        return cut.signal.aborted ? 'cut' : 'kept';
      }),
  },
  {
    name: 'sockets that are kept',
    does: 'opens WebSockets without saying who it is, as many as it gets',
    answers: [`429 ${LIMITED}`],
    prepare: (scene) =>
      Promise.resolve(async () => {
        const open = new Set<() => void>();
        const answer = await untilRefused(
          async () => {
            const { answered, close } = await upgrade(scene);
            open.add(close);
            return answered;
          },
          { most: 2_000 },
        );
        for (const close of open) close();
        return answer;
      }),
  },
  {
    name: 'attempts to connect',
    does: 'opens WebSockets and closes them, again and again',
    answers: [`429 ${LIMITED}`],
    prepare: (scene) =>
      Promise.resolve(() =>
        untilRefused(
          async () => {
            const { answered, close } = await upgrade(scene);
            close();
            return answered;
          },
          { most: 2_000 },
        ),
      ),
  },
  ...[
    ['the web app', '/', 'asks for the page of the web app, again and again'],
    [
      'the documents',
      '/openapi.json',
      'asks for the description of the interface, again and again',
    ],
  ].map(([name = '', path = '', does = '']): GreedyPeer => ({
    ...{ name, does },
    answers: [`429 ${LIMITED}`, '200'],
    first: `429 ${LIMITED}`,
    prepare: (scene) =>
      Promise.resolve(() =>
        untilRefused(async () => answerOf(await ask(scene, 'GET', path)), {
          most: 1_500,
          atOnce: AT_ONCE,
        }),
      ),
  })),
];

/** Resolves when it was answered, or is cut; it stays open. */
function keepOne(scene: AbuseScene, open: Set<Socket>, cut: AbortController): Promise<void> {
  const { hostname, port } = new URL(scene.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: scene.address });
  open.add(socket);
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => {
      cut.abort();
      resolve();
    });
    socket.once('data', () => resolve());
    socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
  });
}

/** `ok` when it became a WebSocket, or how it was refused. */
async function upgrade({ url, address }: AbuseScene) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/client/connect`, {
    localAddress: address,
  });
  socket.on('error', () => undefined);
  const answered = await new Promise<string>((resolve, reject) => {
    socket.once('open', () => resolve('ok'));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      json(response).then(
        (body) => resolve(answerOf({ status: response.statusCode ?? 0, body })),
        reject,
      );
    });
    socket.once('close', () => resolve('cut'));
  });
  return { answered, close: () => socket.terminate() };
}
