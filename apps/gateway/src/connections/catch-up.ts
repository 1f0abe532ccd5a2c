import type { CallResponse, Client, messagesCalls } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import pLimit from 'p-limit';
import type { Limit } from 'p-limit';
import type { PresenceService } from '../presence/presence';
import type { Streams } from '../streams/streams';
import { backoff } from './backoff';
import type { Connection } from './connection';

/** Log reads under way at once, of all connections of this gateway: a reconnect storm must not starve the store. */
const READS_AT_ONCE = 16;
/** Conversations caught up before the next page of what is pending is asked for. */
const PENDING_PAGE = 500;

interface CatchUpOptions {
  messages: Pick<Client<typeof messagesCalls>, 'listPending'>;
  presence: Pick<PresenceService, 'of' | 'send'>;
  streams: Pick<Streams, 'join'>;
  leaseTtlMs: number;
  log: Logger;
}

type PendingPage = Pick<CallResponse<typeof messagesCalls, 'connect'>, 'pending' | 'next_cursor'>;

/** What a connection has not got, or may have missed, is looked up and written to it. */
export class CatchUp {
  /** Of what connections read of the store by themselves. */
  readonly reads: Limit = pLimit(READS_AT_ONCE);
  private readonly askingPresence = new WeakSet<Connection>();

  constructor(private readonly options: CatchUpOptions) {}

  /** Wake-ups may have been lost: everything undelivered is looked up in the store, in whichever conversation. */
  async recover(connection: Connection): Promise<void> {
    this.sendPresenceLater(connection);
    void this.options.streams.join(connection);
    await this.writePending(connection);
  }

  /** Writes what is undelivered, page by page. @param first the first page, if it is known */
  async writePending(connection: Connection, first?: PendingPage): Promise<void> {
    const { feed } = connection;
    if (!feed) return;
    let page = first ?? (await this.listPending(connection));
    while (page) {
      await Promise.all(
        page.pending.map(({ conversation_id, last_seq }) =>
          feed.markBehind(conversation_id, last_seq),
        ),
      );
      if (page.next_cursor === null) return;
      page = await this.listPending(connection, page.next_cursor);
    }
  }

  /** A page of what is undelivered, asked for until the store answers; undefined when the connection has ended. */
  private async listPending(
    connection: Connection,
    cursor?: string,
  ): Promise<PendingPage | undefined> {
    const { messages, log } = this.options;
    for (let failures = 0; connection.isCurrent; failures += 1) {
      try {
        return await this.reads(() =>
          messages.listPending({
            identity_id: connection.identity.id,
            limit: PENDING_PAGE,
            cursor,
          }),
        );
      } catch (error) {
        if (failures === 0)
          log.warn(
            { reason: String(error), connection_id: connection.id },
            'listing what is undelivered failed',
          );
        await backoff(failures);
      }
    }
    return undefined;
  }

  /**
   * Changes of presence are lost with the wake-ups, and right after an empty restart of Redis nobody is online: the
   * truth is asked for when every gateway has renewed its leases, not by all connections at once.
   */
  private sendPresenceLater(connection: Connection): void {
    if (this.askingPresence.has(connection)) return;
    this.askingPresence.add(connection);
    const afterMs = this.options.leaseTtlMs * (0.5 + Math.random() / 2);
    const ask = () => {
      this.askingPresence.delete(connection);
      if (!connection.isCurrent) return;
      void this.reads(() => this.sendPresence(connection, connection.watching));
    };
    setTimeout(ask, afterMs).unref();
  }

  /**
   * Until it is known; then of all whom the connection watches.
   * @param lastConnected what the store has just said of all of them, if it has
   */
  async sendPresence(
    connection: Connection,
    ids: readonly string[],
    lastConnected?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { presence, log } = this.options;
    try {
      for (const one of await presence.of(ids, lastConnected)) presence.send(connection, one);
    } catch (error) {
      log.info({ reason: String(error) }, 'presence is not known now');
      this.sendPresenceLater(connection);
    }
  }
}
