import { Session } from 'node:inspector';
import { renameSync, writeFileSync } from 'node:fs';
import type { KeptMemory } from '../bench/kept-memory';

/**
 * Loaded into a service with --require: at SIGUSR2 it collects the garbage of all its threads, as a debugger would, and
 * writes down what is left. No port is opened.
 */
type Usage = KeptMemory['threads'][number];

const session = new Session();
session.connect();
/** Sends a command to a worker thread and awaits its answer. */
const workers = new Map<string, (method: string, params?: object) => Promise<unknown>>();
const answers = new Map<string, (result: unknown) => void>();
let lastId = 0;

session.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
  workers.set(
    sessionId,
    (method, params = {}) =>
      new Promise((resolve) => {
        lastId += 1;
        const id = lastId;
        answers.set(`${sessionId} ${id}`, resolve);
        const message = JSON.stringify({ id, method, params });
        session.post('NodeWorker.sendMessageToWorker', { sessionId, message });
      }),
  );
});
session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
  workers.delete(sessionId);
});
session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
  const { id, result } = JSON.parse(message) as { id?: number; result?: unknown };
  const key = `${sessionId} ${id}`;
  answers.get(key)?.(result);
  answers.delete(key);
});
session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });

/** A second one for what finalizers let go of. */
const COLLECTIONS = 2;

async function look(): Promise<KeptMemory> {
  const threads = await Promise.all([...workers.values()].map(collectWorker));
  // It happens in a task of its own: nothing has been collected before it is answered.
  const collect = () =>
    new Promise<void>((resolve, reject) => {
      session.post('HeapProfiler.collectGarbage', (error) => (error ? reject(error) : resolve()));
    });
  for (let n = 0; n < COLLECTIONS; n += 1) await collect();
  const { heapUsed, heapTotal, external } = process.memoryUsage();
  return {
    rss: process.memoryUsage.rss(),
    threads: [{ heapUsed, heapTotal, external }, ...threads],
  };
}

async function collectWorker(
  post: (method: string, params?: object) => Promise<unknown>,
): Promise<Usage> {
  for (let n = 0; n < COLLECTIONS; n += 1) await post('HeapProfiler.collectGarbage');
  const expression = 'process.memoryUsage()';
  const answer = await post('Runtime.evaluate', { expression, returnByValue: true });
  const { heapUsed, heapTotal, external } = (answer as { result: { value: Usage } }).result.value;
  return { heapUsed, heapTotal, external };
}

process.on('SIGUSR2', () => {
  void look().then((kept) => {
    const file = `${process.env['KEPT_MEMORY']}-${process.pid}`;
    writeFileSync(`${file}.new`, JSON.stringify(kept));
    renameSync(`${file}.new`, file);
  });
});
