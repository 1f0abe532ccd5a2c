import type { RequestAck, RequestPayload, StreamFrame } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { AppError, needingRedis, type Logger } from '@agent-messenger/service-kit';
import type { Connection } from '../connections/connection';
import type { EphemeralBus } from '../bus/ephemeral-bus';
import type { MemberCache } from '../member-cache';
import type { GatewayMetrics } from '../metrics';
import { StreamReader } from './stream-reader';
import { beginningOf } from './pieces-of';
import type { StoredStream, StreamKey, StreamState } from './stream-state';

interface ReadStreamsOptions {
  state: StreamState;
  bus: EphemeralBus;
  members: MemberCache;
  metrics: Pick<GatewayMetrics, 'streams'>;
  log: Logger;
}

/** What members do with the streams of others: follow, look at, stop. */
export class ReadStreams {
  constructor(private readonly options: ReadStreamsOptions) {}

  /** A piece for a connection, if it is told of streams. */
  offer(connection: Connection, frame: Pick<StreamFrame, 'run' | 'piece'>): void {
    if (connection.hearsStreams) this.readerOf(connection).offer(frame);
  }

  private readerOf(connection: Connection): StreamReader {
    const { metrics } = this.options;
    return (connection.streams ??= new StreamReader({
      connection,
      read: (key) => this.readFor(connection.identity.id, key),
      onSnapshot: () => metrics.streams.snapshots.inc(),
    }));
  }

  /** Shows the open streams of its conversations to a connection that has just come, or has missed something. */
  async join(connection: Connection): Promise<void> {
    const { state, log } = this.options;
    try {
      const open = await state.list(connection.identity.id);
      const ofOthers = open.filter(({ agentId }) => agentId !== connection.identity.id);
      if (ofOthers.length > 0 || connection.streams)
        this.readerOf(connection).markAllBehind(ofOthers);
    } catch (error) {
      // Redis is away, and so are the streams: the next piece of each has its text read.
      log.debug({ reason: String(error) }, 'open streams are not known');
    }
  }

  /**
   * What does not fit into a frame of the connection comes as pieces behind the beginning of it.
   * @throws AppError `not_found` when there is none, or the caller may not see it
   */
  async get(
    connection: Connection,
    { conversation_id, stream_id, agent_id }: RequestPayload<'stream:get'>,
  ): Promise<RequestAck<'stream:get'>> {
    const { members } = this.options;
    await members.others(conversation_id, connection.identity.id);
    const key = { agentId: agent_id, streamId: stream_id };
    const stored = await needingRedis(this.options.state.read(key));
    if (stored?.conversationId !== conversation_id) throw noSuchStream();
    const text = beginningOf(stored.text, connection.maxFrameBytes);
    if (text !== stored.text) this.readerOf(connection).repeat(key);
    return { offset: text.length, text };
  }

  /**
   * Asks the agent to stop. A stream that has ended meanwhile is stopped too; and one that Redis has lost may be about
   * to come back, so its agent is told, unless it is one of another conversation. @throws AppError `not_found`
   */
  async stop(
    personId: string,
    { conversation_id, stream_id, agent_id }: RequestPayload<'stream:stop'>,
  ): Promise<void> {
    const { members, state, bus, metrics } = this.options;
    const others = await members.others(conversation_id, personId);
    if (!others.some(({ id }) => id === agent_id)) throw noSuchStream();
    const key = { agentId: agent_id, streamId: stream_id };
    const asked = { conversationId: conversation_id, ms: LIMITS.streamStopMs, asked: true };
    if ((await needingRedis(state.limit(key, asked))) === 'elsewhere') return;
    bus.emit([agent_id], 'stream:stop', { conversation_id, stream_id });
    metrics.streams.stops.inc();
  }

  /** The stream, if this identity is a member of its conversation. */
  private async readFor(identityId: string, key: StreamKey): Promise<StoredStream | null> {
    const { state, members } = this.options;
    const stored = await state.read(key);
    if (!stored) return null;
    try {
      await members.others(stored.conversationId, identityId);
      return stored;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null;
      throw error;
    }
  }
}

function noSuchStream(): AppError {
  return new AppError('not_found', 'There is no such stream.');
}
