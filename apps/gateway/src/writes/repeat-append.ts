import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError, type Logger } from '@agent-messenger/service-kit';

type Append = Client<typeof messagesCalls>['append'];

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;

interface RepeatOptions {
  log: Logger;
  /** Nothing is repeated from then on. */
  stopped: AbortSignal;
  /** It may have been carried out, and is being repeated. */
  onDoubt: (error: AppError) => void;
}

/**
 * An append that was not answered may be carried out yet, by a replica that others do not hear of any more: it is
 * repeated, which is harmless, until one answers. What is appended after it then comes after it in the log as well.
 */
export async function repeatAppend(
  append: Append,
  request: Parameters<Append>[0],
  { log, stopped, onDoubt }: RepeatOptions,
): ReturnType<Append> {
  let isInDoubt = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await append(request);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
      isInDoubt ||= error.inDoubt;
      if (!isInDoubt || stopped.aborted) throw error;
      onDoubt(error);
      log.warn({ reason: String(error) }, 'append not answered: it is repeated');
    }
    await pause(pauseMs, stopped);
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stopped.addEventListener('abort', end);
  });
}
