import type { Message } from '@agent-messenger/contracts';
import { isFinal, MessengerError } from '../errors';
import { Limiter } from '../limiter';
import type { AgentParts } from './agent-conversation';
import { ReplyHandle } from './reply-handle';
import { RunDeadline } from './run-deadline';
import { backoffMs, sleep, type Backoff } from '../time';

/** A message of somebody else that is not deleted. */
export type IncomingMessage = Message & { content: string };

export interface HandlerContext {
  /**
   * Aborts when a person stops the answer, when the run has taken too long, and when the agent is over: what it waits
   * for is of no use any more.
   */
  signal: AbortSignal;
}
export type MessageHandler = (
  message: IncomingMessage,
  conversation: ReplyHandle,
  context: HandlerContext,
) => unknown;

export interface HandlerRunsOptions {
  parts: AgentParts;
  handler: MessageHandler;
  /** Of one run, milliseconds. */
  timeoutMs: number;
  concurrency: number;
  backoff: Backoff;
  /** No further run starts once it aborts. */
  stopping: AbortSignal;
}

const RERUNS = 3;
/** A handler that goes on after its answer was stopped is no longer waited for. */
const STOPPED_MS = 10_000;

/** Runs the handler for a message until it has settled well, or has failed for good. */
export class HandlerRuns {
  readonly #limiter: Limiter;

  constructor(private readonly options: HandlerRunsOptions) {
    this.#limiter = new Limiter(options.concurrency);
  }

  /**
   * Resolves with the error of a handler that failed for good: three times more, or at once when the same would happen
   * again. Rejects with `closed` when the agent is stopping: the message is handled after the restart.
   */
  async run(message: IncomingMessage): Promise<{ failure?: unknown }> {
    const { backoff, stopping } = this.options;
    for (let reruns = 0; ; reruns++) {
      try {
        await this.#limiter.run(() => this.#once(message));
        await this.#failLeft(message);
        return {};
      } catch (failure) {
        // What fails because it is over is no fault of the handler.
        if (stopping.aborted) throw closed(failure);
        if (reruns === RERUNS || isFinal(failure) || failure instanceof HandlerTimeout) {
          return { failure };
        }
        await sleep(backoffMs(backoff, reruns), stopping);
      }
    }
  }

  /** What an earlier run began to write, and this one did not write anew. */
  async #failLeft({ id }: IncomingMessage): Promise<void> {
    const left = this.options.parts.streams.openOf(`${id}:`);
    await Promise.all(left.map((stream) => stream.fail('The agent began another answer.')));
  }

  async #once(message: IncomingMessage): Promise<void> {
    const { parts, handler, timeoutMs, stopping } = this.options;
    if (stopping.aborted) throw closed();
    const { signal } = parts.session;
    const over = new AbortController();
    const stopped = new AbortController();
    const end = () => over.abort(signal.reason);
    signal.addEventListener('abort', end);
    const deadline = new RunDeadline(timeoutMs, () => over.abort(new HandlerTimeout(timeoutMs)));
    const conversation = new ReplyHandle(parts, message, {
      pause: (work) => deadline.suspend(() => this.#limiter.pause(work)),
      onStopped: () => stopped.abort(new MessengerError('stopped', 'a person stopped the answer')),
    });
    const context = { signal: anyOf(over.signal, stopped.signal) };
    const work = settle(
      () => handler(message, conversation, context),
      conversation,
      stopped.signal,
    );
    try {
      await orAbort(work, over.signal);
    } finally {
      deadline.stop();
      signal.removeEventListener('abort', end);
    }
  }
}

/** The handler did not settle in time: another run would take as long. */
export class HandlerTimeout extends MessengerError {
  constructor(timeoutMs: number) {
    super('timeout', `the handler did not settle within ${timeoutMs / 1_000} s`);
  }
}

/** The handler, and all that it sent. What a person has stopped is done, however the handler takes it. */
async function settle(
  handler: () => unknown,
  conversation: ReplyHandle,
  stopped: AbortSignal,
): Promise<void> {
  try {
    await orStopped((async () => handler())(), stopped);
  } catch (error) {
    if (!stopped.aborted) {
      // Its own error tells more than a send that it did not look at.
      await conversation.answered().catch(() => undefined);
      throw error;
    }
  }
  await conversation.settled();
}

/** As `work`, but resolves a while after a stop that it does not heed. */
async function orStopped(work: Promise<unknown>, stopped: AbortSignal): Promise<void> {
  const over = new AbortController();
  const late = new Promise<void>((resolve) => {
    const wait = () => void sleep(STOPPED_MS, over.signal).then(resolve);
    stopped.addEventListener('abort', wait, { once: true });
  });
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** Aborts as the first of them does. */
function anyOf(...signals: AbortSignal[]): AbortSignal {
  const any = new AbortController();
  for (const signal of signals) {
    signal.addEventListener('abort', () => any.abort(signal.reason), { once: true });
  }
  return any.signal;
}

/** As `work`; rejects with the signal's reason when that is first, and what becomes of `work` is ignored then. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

export function closed(cause?: unknown): MessengerError {
  return new MessengerError('closed', 'the agent was closed', { cause });
}
