import type { Logger, Scope } from '@agent-messenger/service-kit';
import pLimit from 'p-limit';
import type { AgentStreams } from './agent-streams';
import type { FinishStreams } from './finish-stream';

const CLAIM_EVERY_MS = 1_000;
/** Streams that one gateway interrupts at a time. */
const CLAIM_AT_ONCE = 100;
/** Connections whose streams are renewed at a time. */
const RENEWALS = 16;

interface DeadlinesOptions {
  agents: AgentStreams;
  finish: FinishStreams;
  log: Logger;
}

/** Keeps the streams of agents that are here, and interrupts those whose deadline has passed, wherever they were. */
export function startDeadlines(scope: Scope, { agents, finish, log }: DeadlinesOptions): void {
  const limit = pLimit(RENEWALS);
  async function renewAll(): Promise<void> {
    const renew = (connection: ReturnType<typeof agents.open.connections>[number]) =>
      limit(async () => {
        if (!connection.isCurrent) return;
        await agents.renew(connection);
      }).catch((error: unknown) => log.debug({ reason: String(error) }, 'streams not renewed'));
    await Promise.all(agents.open.connections().map(renew));
  }

  async function interruptDue(): Promise<void> {
    const due = await finish.claim(CLAIM_AT_ONCE);
    await Promise.all(
      due.map((key) =>
        finish.interrupt(key).catch((error: unknown) => {
          // Whoever claims it next tries again.
          log.info({ reason: String(error), stream_id: key.streamId }, 'not interrupted yet');
        }),
      ),
    );
  }

  const every = (ms: number, work: () => Promise<void>) => {
    let working: Promise<void> | undefined;
    const timer = setInterval(() => {
      working ??= work()
        .catch((error: unknown) => log.debug({ reason: String(error) }, 'streams have to wait'))
        .finally(() => (working = undefined));
    }, ms);
    scope.defer('streams on time', async () => {
      clearInterval(timer);
      await working;
    });
  };
  every(agents.renewEveryMs, renewAll);
  every(CLAIM_EVERY_MS, interruptDue);
}
