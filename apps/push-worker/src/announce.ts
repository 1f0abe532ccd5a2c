import type { CallRequest, Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';

interface AnnounceOptions {
  push: CallRequest<typeof messagesCalls, 'announcePush'>;
  store: Pick<Client<typeof messagesCalls>, 'announcePush' | 'pushConfig'>;
  log: Logger;
  scope: Scope;
  retryMs?: number;
  /** Between two looks whether it is the same store, milliseconds. */
  lookMs?: number;
}

/**
 * Tells the store what can be sent, so that it makes no jobs that nobody carries out. All workers of an installation
 * are configured alike: the last one to start is right. Resolves after the first try, and goes on until it is known. A
 * store that was restored from a backup may know what was right then: it has another log, and is told again.
 */
export async function announce({
  push,
  store,
  log,
  scope,
  retryMs = 2_000,
  lookMs = 60_000,
}: AnnounceOptions): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Null: none has been told. */
  let toldLog: string | null | undefined = null;
  scope.defer('announcement', () => {
    stopped = true;
    clearTimeout(timer);
  });

  async function attempt(): Promise<void> {
    let nextMs = lookMs;
    try {
      const { log_id } = await store.pushConfig({});
      if (log_id !== toldLog) await store.announcePush(push);
      toldLog = log_id;
    } catch (error) {
      log.debug({ err: error }, 'what can be pushed is not announced yet');
      nextMs = retryMs;
    }
    if (!stopped) timer = setTimeout(() => void attempt(), nextMs);
  }
  await attempt();
}
