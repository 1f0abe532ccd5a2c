import type {
  AuditRecord,
  CallRequest,
  Event,
  GatewayMessage,
  Handlers,
  Lease,
  Member,
  Message,
  Operation,
  OperationResult,
  RedisNames,
  UnknownOperation,
} from '@agent-messenger/contracts';
import { kindOf, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { deletionOf, eventOf, removalOf } from './fakes';

/** The calls that these tests need answered; all others are `unavailable`. */
export const storeCalls = {
  authorize: messagesCalls.authorize,
  connect: messagesCalls.connect,
  listPending: messagesCalls.listPending,
  countConversations: messagesCalls.countConversations,
  recordAudit: messagesCalls.recordAudit,
  checkCredentials: messagesCalls.checkCredentials,
  append: messagesCalls.append,
  countAttempts: messagesCalls.countAttempts,
  readLog: messagesCalls.readLog,
  listEvents: messagesCalls.listEvents,
  listMembers: messagesCalls.listMembers,
  checkStream: messagesCalls.checkStream,
  counterparts: messagesCalls.counterparts,
  lastConnected: messagesCalls.lastConnected,
  listAgents: messagesCalls.listAgents,
  registerPush: messagesCalls.registerPush,
  unregisterPush: messagesCalls.unregisterPush,
  pushConfig: messagesCalls.pushConfig,
  replayDeadPushes: messagesCalls.replayDeadPushes,
};

interface FakeConversation {
  members: string[];
  log: Event[];
  delivered: Map<string, number>;
}

const LOG_ID = 'log_1';

/** What the messages service keeps, in memory and by the same contract: epochs, membership, logs, the relay. */
export class FakeStore {
  readonly epochs = new Map<string, number>();
  readonly revoked = new Set<string>();
  readonly conversations = new Map<string, FakeConversation>();
  /** What the gateways appended, in order. */
  readonly operations: Operation[] = [];
  /** What has become of streams, by agent and stream. */
  readonly streams = new Map<string, Message>();
  /** So many of the next calls fail as if the service were away. */
  failures = 0;
  /** What tells whether it can commit. */
  checkCommits: () => Promise<void> = () => Promise.resolve();
  /** Awaited by `authorize`. */
  authorizing: () => Promise<void> = () => Promise.resolve();
  /** Awaited by `connect`: a handshake that takes its time. */
  connecting: () => Promise<void> = () => Promise.resolve();
  /** Awaited by `connect` when it has its answer: a way that takes its time. */
  answering: () => Promise<void> = () => Promise.resolve();
  /** Awaited by `append`: a commit that takes its time. */
  committing: () => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly redis: Redis,
    private readonly names: RedisNames,
  ) {}

  /** Of which conversations pages of the log were asked for, in order. */
  readonly reads: string[] = [];
  /** Connections that broke, and what was under way. */
  readonly attempts: CallRequest<typeof messagesCalls, 'countAttempts'>[] = [];
  /** What was recorded for the audit log. */
  readonly audit: AuditRecord[] = [];
  /** How often it was asked how many conversations somebody has. */
  counts = 0;
  /** How many credentials each `checkCredentials` asked about. */
  readonly checks: number[] = [];

  addConversation(id: string, members: string[]): void {
    this.conversations.set(id, { members, log: [], delivered: new Map() });
  }

  /** Deletes a conversation, and tells its members. */
  async endConversation(id: string): Promise<void> {
    const conversation = this.conversations.get(id);
    if (!conversation) throw new Error(`there is no ${id}`);
    this.conversations.delete(id);
    const { log, members } = conversation;
    await this.relay(conversation, deletionOf(id, log.length + 1, members));
  }

  /** Removes a member, and tells all of them. */
  async removeMember(id: string, member: string): Promise<void> {
    const conversation = this.conversations.get(id);
    if (!conversation) throw new Error(`there is no ${id}`);
    const told = { ...conversation, members: [...conversation.members] };
    conversation.members = conversation.members.filter((one) => one !== member);
    const removal = removalOf(id, conversation.log.length + 1, member);
    conversation.log.push(removal);
    await this.relay(told, removal);
  }

  handlers(): Handlers<typeof storeCalls> {
    return {
      authorize: async ({ identity_id, credential_id }) => {
        await this.authorizing();
        this.mayFail();
        if (this.revoked.has(credential_id)) throw new AppError('unauthorized', 'It is revoked');
        return { epoch: this.epochs.get(identity_id) ?? 0 };
      },
      connect: async ({ identity_id, epoch }) => {
        await this.connecting();
        if (epoch <= (this.epochs.get(identity_id) ?? 0)) throw replaced();
        this.epochs.set(identity_id, epoch);
        const answer = {
          log_id: LOG_ID,
          ...this.pending(identity_id),
          counterparts: this.counterpartsOf(identity_id),
          last_connected: {},
        };
        await this.answering();
        return answer;
      },
      listPending: ({ identity_id }) => this.pending(identity_id),
      recordAudit: ({ records }) => {
        this.audit.push(...records);
        return {};
      },
      countConversations: ({ identity_id }) => {
        this.counts += 1;
        const own = [...this.conversations.values()].filter(({ members }) =>
          members.includes(identity_id),
        );
        return { conversations: own.length };
      },
      checkCredentials: ({ credentials }) => {
        this.mayFail();
        this.checks.push(credentials.length);
        const ids = credentials.map(({ credential_id }) => credential_id);
        return { invalid: ids.filter((id) => this.revoked.has(id)) };
      },
      append: async ({ operations }) => {
        this.mayFail();
        await this.committing();
        const results: OperationResult[] = [];
        for (const operation of operations) results.push(await this.carryOut(operation));
        return { results };
      },
      countAttempts: (request) => {
        this.attempts.push(request);
        return { moved: [], suspects: [] };
      },
      readLog: (request) => this.readLog(request),
      listEvents: ({ epoch = null, ...request }) => {
        const { events, has_more, last_seq, log_id } = this.readLog({ ...request, epoch });
        return { events, has_more, last_seq, log_id };
      },
      listMembers: ({ identity_id, conversation_id }) => ({
        members: this.find(identity_id, conversation_id).members.map(memberOf),
      }),
      checkStream: ({ identity_id, conversation_id, stream_id }) => {
        this.mayFail();
        const { members } = this.find(identity_id, conversation_id);
        const message = this.streams.get(`${identity_id} ${stream_id}`) ?? null;
        return { message, members: members.map(memberOf) };
      },
      counterparts: ({ identity_id, ids }) => {
        const known = this.counterpartsOf(identity_id);
        return { ids: ids.filter((id) => known.includes(id)) };
      },
      lastConnected: () => ({ at: {} }),
      listAgents: () => ({ agents: [], next_cursor: null }),
      registerPush: () => ({}),
      unregisterPush: () => ({}),
      replayDeadPushes: () => ({ replayed: 0 }),
      pushConfig: () => ({ push: { platforms: ['fcm'] } }),
    };
  }

  private async carryOut(operation: Operation | UnknownOperation): Promise<OperationResult> {
    if (operation.op === 'unknown') throw new AppError('unavailable', 'unknown operation');
    this.operations.push(operation);
    const { identity_id, conversation_id } = operation;
    const conversation = this.conversations.get(conversation_id);
    if (!conversation?.members.includes(identity_id)) {
      return { ok: false, error: { code: 'not_found', message: 'There is nothing here' } };
    }
    if (operation.op === 'send') {
      const seq = conversation.log.length + 1;
      const event = eventOf(conversation_id, seq, operation.content, identity_id);
      if (event.type !== 'message.created') throw new TypeError('not a message');
      conversation.log.push(event);
      await this.relay(conversation, event);
      return { ok: true, sent: { message: event.message, duplicate: false } };
    }
    if (operation.op === 'finish') return this.finish(conversation, operation);
    if (operation.op !== 'received' && operation.op !== 'read') {
      return { ok: false, error: { code: 'not_found', message: 'There is nothing here' } };
    }
    if (operation.op === 'received') conversation.delivered.set(identity_id, operation.seq);
    const receipt = {
      conversation_id,
      identity_id,
      delivered_seq: operation.seq,
      read_seq: operation.op === 'read' ? operation.seq : 0,
    };
    const tell = conversation.members.filter((id) => id !== identity_id);
    await this.publish(tell, (id) => ({ type: 'receipts', frames: [{ to: [id], receipt }] }));
    return { ok: true, moved: { tell: [] } };
  }

  /** One message a stream; what was interrupted is replaced, anything else is final. */
  private async finish(
    conversation: FakeConversation,
    operation: Extract<Operation, { op: 'finish' }>,
  ): Promise<OperationResult> {
    const { identity_id, conversation_id, stream_id, outcome, content, error, given } = operation;
    if (operation.epoch !== null && operation.epoch < (this.epochs.get(identity_id) ?? 0)) {
      return { ok: false, error: { code: 'replaced', message: 'There is a newer connection' } };
    }
    const of = `${identity_id} ${stream_id}`;
    const first = this.streams.get(of);
    const refuse = (more: object): OperationResult => ({
      ok: false,
      error: { code: 'conflict', message: 'It is otherwise', ...more },
    });
    const isOpen = first?.state === 'interrupted' && outcome !== 'interrupt';
    if (outcome === 'end' && content === undefined && (!first || isOpen)) {
      return refuse({ expected_offset: 0 });
    }
    if (first && !isOpen) {
      const same =
        outcome === 'interrupt' ||
        (first.state === 'failed') === (outcome === 'fail') ||
        (given && content === first.content);
      if (!same) return refuse({ message_id: first.id });
      return { ok: true, sent: { message: first, duplicate: true } };
    }
    const states = { end: undefined, fail: 'failed', interrupt: 'interrupted' } as const;
    const seq = conversation.log.length + 1;
    const event = eventOf(conversation_id, seq, content ?? first?.content ?? '', identity_id);
    if (event.type !== 'message.created') throw new TypeError('not a message');
    Object.assign(event.message, {
      client_id: stream_id,
      ...(states[outcome] && { state: states[outcome] }),
      ...(error !== undefined && { error }),
      ...(operation.reply_to !== undefined && { reply_to: operation.reply_to }),
    });
    if (first) Object.assign(event.message, { id: first.id, seq: first.seq });
    const logged = first ? ({ ...event, type: 'message.edited' } as const) : event;
    this.streams.set(of, event.message);
    conversation.log.push(logged);
    await this.relay(conversation, logged);
    return { ok: true, sent: { message: event.message, duplicate: false } };
  }

  private async relay({ members }: FakeConversation, event: Event): Promise<void> {
    await this.publish(members, (id, { epoch }) => ({
      type: 'events',
      log_id: LOG_ID,
      frames: [{ to: [[id, epoch]], event }],
    }));
  }

  private async publish(
    ids: string[],
    messageFor: (id: string, lease: Lease) => GatewayMessage,
  ): Promise<void> {
    // What is committed is so without Redis too; whom it did not reach reads it later.
    const leases = await this.redis.mget(ids.map(this.names.lease)).catch(() => []);
    for (const [index, text] of leases.entries()) {
      const lease = text ? (JSON.parse(text) as Lease) : null;
      if (!lease?.gateway) continue;
      const message = messageFor(ids[index] ?? '', lease);
      await this.redis.publish(this.names.gateway(lease.gateway), JSON.stringify(message));
    }
  }

  private readLog(request: CallRequest<typeof messagesCalls, 'readLog'>) {
    const { identity_id, conversation_id, after_seq, limit, max_bytes, epoch } = request;
    this.reads.push(conversation_id);
    if (epoch !== null && epoch < (this.epochs.get(identity_id) ?? 0)) throw replaced();
    const { log, delivered } = this.find(identity_id, conversation_id);
    const after = after_seq ?? delivered.get(identity_id) ?? 0;
    const events = log.slice(after, after + limit);
    let bytes = 0;
    const full = events.findIndex((event) => {
      bytes += JSON.stringify(event).length;
      return bytes >= (max_bytes ?? Infinity);
    });
    if (full !== -1) events.splice(full + 1);
    return {
      after_seq: after,
      events,
      has_more: log.length > after + events.length,
      last_seq: log.length,
      log_id: LOG_ID,
    };
  }

  private pending(identityId: string) {
    const pending = [...this.conversations].flatMap(
      ([conversation_id, { members, log, delivered }]) => {
        const delivered_seq = delivered.get(identityId) ?? 0;
        return members.includes(identityId) && delivered_seq < log.length
          ? [{ conversation_id, delivered_seq, last_seq: log.length }]
          : [];
      },
    );
    return { pending, next_cursor: null };
  }

  private counterpartsOf(identityId: string): string[] {
    const shared = [...this.conversations.values()].filter(({ members }) =>
      members.includes(identityId),
    );
    return [...new Set(shared.flatMap(({ members }) => members))].filter((id) => id !== identityId);
  }

  private find(identityId: string, conversationId: string): FakeConversation {
    const conversation = this.conversations.get(conversationId);
    if (!conversation?.members.includes(identityId))
      throw new AppError('not_found', 'There is nothing here');
    return conversation;
  }

  private mayFail(): void {
    if (this.failures === 0) return;
    this.failures -= 1;
    throw new AppError('unavailable', 'The store is away', { retryAfterMs: 700 });
  }
}

function memberOf(id: string): Member {
  return { id: id as Member['id'], kind: kindOf(id), name: id };
}

function replaced(): AppError {
  return new AppError('replaced', 'There is a newer connection');
}
