import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { AppendQueue } from '../writes/append-queue';
import { backoff } from './backoff';
import type { Connection } from './connection';

/** Conversations per call; the contract takes no more. */
const AT_ONCE = 1_000;
/** While the store is away others would pile up; the next broken connection counts what this one did not. */
const TRIES = 5;

interface DeliveryAttemptsOptions {
  messages: Pick<Client<typeof messagesCalls>, 'countAttempts'>;
  appends: Pick<AppendQueue, 'flush'>;
  log: Logger;
}

/** Tells the store what an agent was dealing with when its connection broke: an event may have been what broke it. */
export class DeliveryAttempts {
  constructor(private readonly options: DeliveryAttemptsOptions) {}

  async count({ id, identity, feed, logId }: Connection): Promise<void> {
    const underWay = feed?.underWay() ?? [];
    if (identity.kind !== 'agent' || logId === undefined || underWay.length === 0) return;
    // What it did deal with is known to the store before that.
    await this.options.appends.flush();
    for (let from = 0; from < underWay.length; from += AT_ONCE) {
      const under_way = underWay.slice(from, from + AT_ONCE);
      await this.report(id, { agent_id: identity.id, log_id: logId, under_way });
    }
  }

  private async report(
    connectionId: string,
    request: Parameters<DeliveryAttemptsOptions['messages']['countAttempts']>[0],
  ): Promise<void> {
    const { messages, log } = this.options;
    for (let failures = 0; failures < TRIES; failures += 1) {
      try {
        await messages.countAttempts(request);
        return;
      } catch (error) {
        const reason = String(error);
        log.info({ reason, connection_id: connectionId }, 'delivery attempts not counted');
        await backoff(failures);
      }
    }
  }
}
