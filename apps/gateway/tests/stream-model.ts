import { redisNames } from '@agent-messenger/contracts';
import type {
  GatewayMessage,
  Lease,
  StreamFrame,
  StreamPiece,
  StreamState as Told,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { StreamCopies } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Histogram, Registry } from 'prom-client';
import { AppendQueue } from '../src/writes/append-queue';
import { Connections } from '../src/connections/connections';
import type { EphemeralBus } from '../src/bus/ephemeral-bus';
import { MemberCache } from '../src/member-cache';
import { createMetrics } from '../src/metrics';
import type { StreamRedis } from '../src/streams/stream-scripts';
import { StreamState } from '../src/streams/stream-state';
import { Streams } from '../src/streams/streams';
import { FakeStore } from './fake-store';
import { connectionOf, silent, socketLimitsOf, type FakeLive } from './fakes';

const AGENT = 'agt_1';
const PERSON = 'usr_1';
const TIMES = { resumeMs: 60_000, mostMs: 600_000 };
const CONVERSATION = 'cnv_1';
const STREAM = 'answer';
const of = { conversation_id: CONVERSATION, stream_id: STREAM } as const;
const key = { agentId: AGENT, streamId: STREAM };
/** Where the reader is. */
const GATEWAY = 'gateway';

type Held = ReturnType<typeof connectionOf>;

/**
 * One stream, its agent and a reader, between two gateways on a real Redis; the channel between them loses what it is
 * told to. The agent behaves as SDKs do: it keeps its whole text and goes on from where it is told.
 */
export class StreamModel {
  readonly store: FakeStore;
  readonly state: StreamState;
  /** Every text that the agent began, the current one last. */
  readonly runs = [''];
  /** Texts and outcome as the agent has had them confirmed. */
  outcome: 'end' | 'fail' | undefined;
  losing = 0;
  /** Redis had lost what the agent had written, and the agent has not come back since. */
  forgotten = false;
  private readonly gateways: Streams[];
  private agent: Held | undefined;
  private holding = false;
  private readonly onTheWay: StreamFrame[] = [];
  private at = 0;
  private reader: { held: Held; copies: StreamCopies; taken: number };
  private epochs = 0;
  private sent = 0;
  private heard = 0;

  private readonly names = redisNames(randomUUID());

  constructor(
    private readonly redis: StreamRedis,
    private readonly subscriber: Redis,
  ) {
    const { names } = this;
    this.store = new FakeStore(redis, names);
    this.store.addConversation(CONVERSATION, [PERSON, AGENT]);
    this.state = new StreamState(redis, names, TIMES);
    const calls = this.store.handlers();
    // It carries who is asked to stop; the agent learns it from Redis as well.
    const bus = { emit: () => undefined } as unknown as EphemeralBus;
    this.gateways = [0, 1].map(() => {
      const metrics = createMetrics(new Registry());
      return new Streams({
        ...{ redis, names, ...TIMES, bus, metrics, tracing: undefined, log: silent },
        messages: { checkStream: async (request) => calls.checkStream(request as never) },
        appends: new AppendQueue({
          append: async (request) => calls.append(request as never),
          batchSize: new Histogram({ name: 'batch', help: 'batch', registers: [] }),
          log: silent,
          stopped: new AbortController().signal,
          beatMs: 1,
        }),
        members: new MemberCache(async (request) => calls.listMembers(request)),
        connections: new Connections(),
        limits: socketLimitsOf(),
      });
    });
    this.reader = this.newReader();
  }

  /** The reader is connected, and its gateway hears. */
  async open(): Promise<void> {
    await this.holdLease();
    this.subscriber.on('message', (_, text) => this.carry(JSON.parse(text) as GatewayMessage));
    await this.subscriber.subscribe(this.names.gateway(GATEWAY));
    await this.join();
  }

  async close(): Promise<void> {
    this.subscriber.removeAllListeners('message');
    await this.subscriber.unsubscribe();
  }

  get text(): string {
    return this.runs.at(-1) ?? '';
  }

  get isConnected(): boolean {
    return this.agent !== undefined;
  }

  /** The agent comes, or comes back, over a newer connection and perhaps another gateway. */
  async connect(restart = false): Promise<void> {
    this.leave();
    this.at = 1 - this.at;
    this.epochs += 1;
    this.store.epochs.set(AGENT, this.epochs);
    this.agent = connectionOf({ identityId: AGENT, id: randomUUID(), epoch: this.epochs });
    this.heard = 0;
    if (restart) this.runs.push('');
    await this.start(restart);
  }

  /** Its connection breaks. */
  leave(): void {
    if (!this.agent) return;
    this.agent.connection.ended();
    this.streams.leave(this.agent.connection);
    this.agent = undefined;
  }

  /** It writes on. */
  async append(text: string): Promise<void> {
    this.runs[this.runs.length - 1] = this.text + text;
    await this.goOn();
  }

  /** What it wrote has been handed over. */
  async flush(): Promise<void> {
    const { connection } = this.agent ?? {};
    await (connection && this.streams.agents.open.get(connection, STREAM)?.writer.settled());
  }

  async end(): Promise<void> {
    const { connection } = this.agent ?? {};
    if (!connection || this.text === '') return;
    await this.goOn();
    const end = { ...of, offset: this.text.length };
    try {
      await this.streams.finish.end(connection, end);
    } catch (error) {
      // With the whole text nothing can be missing.
      if (!(error instanceof AppError) || error.expectedOffset === undefined) throw error;
      await this.streams.finish.end(connection, { ...end, content: this.text });
    }
    this.outcome = 'end';
  }

  async fail(): Promise<void> {
    const { connection } = this.agent ?? {};
    if (!connection) return;
    await this.streams.finish.fail(connection, { ...of, error: 'No answer.' });
    this.outcome = 'fail';
  }

  stop(): Promise<void> {
    const [elsewhere] = this.gateways;
    return (elsewhere as Streams).readers.stop(PERSON, { ...of, agent_id: AGENT });
  }

  /** A deadline passes, and a gateway sees to it. */
  async expire(gateway = 0): Promise<void> {
    await this.state.limit(key, { conversationId: CONVERSATION, ms: 0, asked: false });
    const { finish } = this.gateways[gateway] as Streams;
    for (const due of await finish.claim(10)) await finish.interrupt(due);
  }

  async emptyRedis(): Promise<void> {
    await this.redis.flushall();
    this.forgotten = true;
    await this.holdLease();
  }

  /** What is told from now on takes its time. */
  hold(): void {
    this.holding = true;
  }

  deliver(): void {
    this.holding = false;
    for (const frame of this.onTheWay.splice(0)) {
      this.gateways[0]?.readers.offer(this.reader.held.connection, frame);
    }
  }

  slow(): void {
    this.reader.held.live.fill();
  }

  read(): void {
    this.reader.held.live.drain();
  }

  /** The reader reloads. */
  async reload(): Promise<void> {
    this.reader = this.newReader();
    await this.join();
  }

  join(): Promise<void> {
    return (this.gateways[0] as Streams).join(this.reader.held.connection);
  }

  stored() {
    return this.state.read(key);
  }

  /** What the reader has of it, as far as it was sent. */
  shown(): StreamCopies {
    const { held, copies } = this.reader;
    const pieces = sentTo(held.live);
    pieces.slice(this.reader.taken).forEach((piece) => copies.take(piece));
    this.reader.taken = pieces.length;
    return copies;
  }

  /** Messages that the stream has become. */
  committed() {
    const log = this.store.conversations.get(CONVERSATION)?.log ?? [];
    return log.filter((event) => event.type === 'message.created');
  }

  message() {
    return this.store.streams.get(`${AGENT} ${STREAM}`);
  }

  private get streams(): Streams {
    return this.gateways[this.at] as Streams;
  }

  private newReader() {
    const held = connectionOf({ identityId: PERSON, id: randomUUID() });
    return { held, copies: new StreamCopies(), taken: 0 };
  }

  private async start(restart: boolean): Promise<void> {
    const { connection } = this.agent as Held;
    const { offset, message } = await this.streams.agents.start(connection, { ...of, restart });
    this.sent = message ? Infinity : offset;
    if (!message) this.forgotten = false;
  }

  /** Does what it was told by `stream:state`, then sends what it has not. */
  private async goOn(): Promise<void> {
    if (!this.agent) return;
    const { live, connection } = this.agent;
    const told = live.sent.flatMap(({ name, payload }) =>
      name === 'stream:state' ? [payload as Told] : [],
    );
    const news = told.slice(this.heard);
    this.heard = told.length;
    for (const { offset, code } of news) {
      if (code === 'not_found') await this.start(false);
      else this.sent = Math.min(this.sent, offset);
    }
    const text = this.text.slice(this.sent);
    if (text === '') return;
    try {
      await this.streams.agents.append(connection, { ...of, offset: this.sent, text });
      this.sent = this.text.length;
    } catch (error) {
      // As `stream:state` says it.
      if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
      await this.start(false);
    }
  }

  private carry(message: GatewayMessage): void {
    if (message.type !== 'streams') return;
    for (const frame of message.frames) {
      if (this.losing > 0) this.losing -= 1;
      else this.onTheWay.push(frame);
    }
    if (!this.holding) this.deliver();
  }

  private async holdLease(): Promise<void> {
    const lease: Lease = {
      ...{ gateway: GATEWAY, connection_id: 'connection', credential_id: 'credential', epoch: 1 },
    };
    await this.redis.set(this.names.lease(PERSON), JSON.stringify(lease));
  }
}

function sentTo(live: FakeLive): StreamPiece[] {
  return live.sent.flatMap(({ name, payload }) =>
    name === 'stream' ? [payload as StreamPiece] : [],
  );
}
