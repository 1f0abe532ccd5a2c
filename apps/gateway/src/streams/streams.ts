import type { Client, Event, messagesCalls, RedisNames } from '@agent-messenger/contracts';
import type { Logger, Scope, Tracing } from '@agent-messenger/service-kit';
import type { AppendQueue } from '../writes/append-queue';
import type { Connection } from '../connections/connection';
import type { Connections } from '../connections/connections';
import type { EphemeralBus } from '../bus/ephemeral-bus';
import type { MemberCache } from '../member-cache';
import type { GatewayMetrics } from '../metrics';
import type { RateLimits } from '../limits/rate-limits';
import { AgentStreams } from './agent-streams';
import { startDeadlines } from './deadlines';
import { FinishStreams } from './finish-stream';
import { ReadStreams } from './read-streams';
import type { StreamRedis } from './stream-scripts';
import { StreamState } from './stream-state';

interface StreamsOptions {
  redis: StreamRedis;
  names: RedisNames;
  resumeMs: number;
  mostMs: number;
  messages: Pick<Client<typeof messagesCalls>, 'checkStream'>;
  appends: AppendQueue;
  bus: EphemeralBus;
  members: MemberCache;
  connections: Connections;
  limits: Pick<RateLimits, 'sockets'>;
  metrics: Pick<GatewayMetrics, 'streams'>;
  tracing: Tracing | undefined;
  log: Logger;
}

/** Answers while they are written: their text is in Redis until it becomes a message. */
export class Streams {
  readonly agents: AgentStreams;
  readonly readers: ReadStreams;
  readonly finish: FinishStreams;
  private readonly leaving = new Set<Promise<void>>();

  constructor(private readonly options: StreamsOptions) {
    const { redis, names, resumeMs, mostMs, ...rest } = options;
    const shared = {
      ...rest,
      state: new StreamState(redis, names, { resumeMs, mostMs }),
    };
    this.agents = new AgentStreams(shared);
    this.readers = new ReadStreams(shared);
    this.finish = new FinishStreams({ ...shared, agents: this.agents });
  }

  /** Renews and interrupts for as long as the scope is open; at its end what connections wrote is handed over. */
  start(scope: Scope): void {
    const { log } = this.options;
    scope.defer('streams', () => Promise.all(this.leaving));
    startDeadlines(scope, { agents: this.agents, finish: this.finish, log });
  }

  /** The connection has begun, or may have missed something. */
  async join(connection: Connection): Promise<void> {
    connection.hearsStreams = true;
    await this.readers.join(connection);
  }

  leave(connection: Connection): void {
    const left = this.agents.leave(connection).finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  /** An event that this gateway was told of. */
  noteEvent(event: Event): void {
    const { conversation_id, type } = event;
    const { connections } = this.options;
    if (type === 'conversation.deleted') {
      for (const { id } of event.conversation.members)
        this.drop(connections.get(id), conversation_id);
    } else if (type === 'member.removed' && 'member' in event) {
      this.drop(connections.get(event.member.id), conversation_id);
    }
  }

  private drop(connection: Connection | undefined, conversationId: string): void {
    if (connection) void this.agents.drop(connection, conversationId);
  }
}
