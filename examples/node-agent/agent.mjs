// An agent on the WebSocket of Node.js 22 or newer: echoes what people write. AGENT_API_KEY=amk_… node agent.mjs
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const { AGENT_MESSENGER_URL = 'http://127.0.0.1:8080', HEARTBEAT_S = 30 } = process.env;
const url = `${AGENT_MESSENGER_URL.replace('http', 'ws')}/agent/connect`;
const auth = { type: 'auth', data: { api_key: process.env.AGENT_API_KEY } };
const due = () => ({ signal: AbortSignal.timeout(1_000 * HEARTBEAT_S) });

/** Stands for a model that takes its time: "sleep 3" takes 3 s. */
async function answer(text) {
  await sleep(1_000 * Number(/^sleep (\d+)/.exec(text)?.[1] ?? 0));
  return `echo: ${text}`;
}

let waitMs = 1_000;

/** One connection. @returns its close code, or what else has ended it */
function serve() {
  const [acks, tails, socket] = [new EventEmitter(), {}, new WebSocket(url)];
  const { promise, resolve: end } = Promise.withResolvers();

  async function request(id, type, data) {
    socket.send(JSON.stringify({ type, data, id }));
    const [ack] = await once(acks, id, due());
    // Ends the connection: what is not received comes again after a reconnect.
    if (!ack.ok) throw new Error(ack.error.code);
  }
  async function live() {
    await once(socket, 'open', due());
    socket.send(JSON.stringify(auth));
    // A heartbeat: a server that has vanished says nothing, and TCP does not tell.
    const beat = () => request('heartbeat', 'presence:watch', { identities: [] });
    for (;;) await Promise.all([beat(), sleep(1_000 * HEARTBEAT_S)]);
  }
  async function handle({ conversation_id, seq, type, actor, message }) {
    if (type === 'message.created' && actor.kind === 'user') {
      // The same client_id when the question comes again: it is answered once.
      const reply = { client_id: `re:${message.id}`, content: await answer(message.content) };
      await request(conversation_id, 'message:send', { conversation_id, ...reply });
    }
    await request(conversation_id, 'received', { conversation_id, seq });
  }

  socket.onmessage = (frame) => {
    const { type, data, id } = JSON.parse(frame.data);
    if (type === 'ack') return acks.emit(id, data);
    if (type === 'event') {
      // Reading goes on meanwhile. One by one in a conversation: what is received covers all before it.
      const tail = Promise.resolve(tails[data.conversation_id]).then(() => handle(data));
      tails[data.conversation_id] = tail;
      return tail.catch(end);
    }
    console.log(type, JSON.stringify(data));
    waitMs = data.retry_after_ms ?? 1_000;
  };
  socket.onclose = ({ code }) => end(code);
  socket.onerror = () => end('cannot connect'); // There is no close then.
  live().catch(end);
  return promise.finally(() => socket.close());
}

for (;;) {
  const code = await serve();
  console.log('disconnected:', code);
  if ([4401, 4403, 4409].includes(code)) process.exit(1);
  await sleep(waitMs * (1 + Math.random() / 2));
  waitMs = Math.min(2 * waitMs + 1_000, 30_000);
}
