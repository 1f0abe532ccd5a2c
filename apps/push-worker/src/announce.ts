import type { CallRequest, Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';

interface AnnounceOptions {
  push: CallRequest<typeof messagesCalls, 'announcePush'>;
  store: Pick<Client<typeof messagesCalls>, 'announcePush'>;
  log: Logger;
  scope: Scope;
  retryMs?: number;
}

/**
 * Tells the store what can be sent, so that it makes no jobs that nobody carries out. All workers of an installation
 * are configured alike: the last one to start is right. Resolves after the first try, and goes on until it is known.
 */
export async function announce({
  push,
  store,
  log,
  scope,
  retryMs = 2_000,
}: AnnounceOptions): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  scope.defer('announcement', () => {
    stopped = true;
    clearTimeout(timer);
  });

  async function attempt(): Promise<void> {
    try {
      await store.announcePush(push);
    } catch (error) {
      log.debug({ err: error }, 'what can be pushed is not announced yet');
      if (!stopped) timer = setTimeout(() => void attempt(), retryMs);
    }
  }
  await attempt();
}
