import { createLogger } from '@agent-messenger/service-kit';
import { parentPort, workerData } from 'node:worker_threads';
import type { ReaderData, ReadTask } from './store/readers/read-task';
import { openReader } from './store/sqlite/open-reader';

/** The program of a reader thread: one answer for each task, in order. */
const log = createLogger({ name: 'messages-reader', level: 'warn' });
const reader = openReader(workerData as ReaderData, log);

parentPort?.on('message', (task: ReadTask) => {
  void reader.read(task).then((outcome) => {
    // Handed over, not copied: a page is 1 MiB, which the other thread would have to copy a second time.
    const handedOver = 'json' in outcome ? [outcome.json.buffer as ArrayBuffer] : [];
    parentPort?.postMessage(outcome, handedOver);
  });
});
