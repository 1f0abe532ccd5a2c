import type { Logger } from '@agent-messenger/service-kit';
import { Worker } from 'node:worker_threads';
import type { ReaderData, ReadOutcome, ReadTask } from './read-task';

interface SlotOptions {
  /** The program of the thread, JavaScript. */
  entry: string;
  data: ReaderData;
  log: Logger;
}

/** Beyond it a thread ends, and another one takes its place. An answer is at most a page of about 1 MiB. */
const THREAD_MIB = 256;
/** What is read is passed on at once: more room for it would be filled before it is cleared, and kept. */
const YOUNG_MIB = 12;

/**
 * Room for one thread, which takes one task at a time. It starts with the first, and one that ended is replaced for the
 * next.
 */
export class ReaderThreadSlot {
  private worker: Worker | undefined;
  private task: { resolve(outcome: ReadOutcome): void; reject(error: unknown): void } | undefined;

  constructor(private readonly options: SlotOptions) {}

  get isBusy(): boolean {
    return this.task !== undefined;
  }

  /** Starts the thread before there is a task for it. */
  warmUp(): void {
    this.worker ??= this.start();
  }

  /** Rejects when the thread ends before it has answered. */
  run(task: ReadTask): Promise<ReadOutcome> {
    return new Promise((resolve, reject) => {
      this.worker ??= this.start();
      this.worker.postMessage(task);
      // Not before: what could not be handed over leaves the slot free.
      this.task = { resolve, reject };
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    const { entry, data, log } = this.options;
    const worker = new Worker(entry, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
      env: {},
    });
    let failure: unknown;
    worker.on('message', (outcome: ReadOutcome) => this.settle((task) => task.resolve(outcome)));
    worker.on('error', (error) => (failure = error));
    worker.on('exit', (code) => {
      this.worker = undefined;
      const reason = failure ?? new Error(`A reader thread ended with ${code}`);
      if (failure !== undefined) log.error({ err: failure }, 'a reader thread failed');
      this.settle((task) => task.reject(reason));
    });
    return worker;
  }

  private settle(how: (task: NonNullable<typeof this.task>) => void): void {
    const { task } = this;
    this.task = undefined;
    if (task) how(task);
  }
}
