import {
  type Client,
  type messagesCalls,
  type RequestAck,
  type RequestPayload,
  type StreamState as Told,
} from '@agent-messenger/contracts';
import { AppError, needingRedis, type Logger } from '@agent-messenger/service-kit';
import type { Connection } from '../connections/connection';
import type { MemberCache } from '../member-cache';
import type { GatewayMetrics } from '../metrics';
import { enforce } from '../limits/allowance';
import type { RateLimits } from '../limits/rate-limits';
import type { TextSize } from './append-batch';
import { Beat } from './beat';
import { OpenStreams, type OpenStream } from './open-streams';
import { StreamWriter } from './stream-writer';
import type { StreamState } from './stream-state';

/** Fifty pictures a second: nobody sees what comes sooner, and many streams have something to say in one. */
const BEAT_MS = 20;

type Going = Pick<Told, 'offset' | 'code' | 'retry_after_ms'>;

interface AgentStreamsOptions {
  messages: Pick<Client<typeof messagesCalls>, 'checkStream'>;
  state: StreamState;
  members: MemberCache;
  limits: Pick<RateLimits, 'sockets'>;
  metrics: Pick<GatewayMetrics, 'streams'>;
  log: Logger;
}

/** What agents write here: starts, appends, and that their connections are still there. */
export class AgentStreams {
  readonly open = new OpenStreams();
  private readonly beat = new Beat(BEAT_MS);

  constructor(private readonly options: AgentStreamsOptions) {}

  /** Often enough that no stream is taken for left while its agent is connected, ms. */
  get renewEveryMs(): number {
    return this.options.state.resumeMs / 3;
  }

  /** @throws AppError */
  async start(
    connection: Connection,
    { conversation_id, stream_id, reply_to, restart }: RequestPayload<'stream:start'>,
  ): Promise<RequestAck<'stream:start'>> {
    const { messages, members, state, metrics } = this.options;
    const { identity, epoch } = connection;
    const key = { agentId: identity.id, streamId: stream_id };
    let answer: RequestAck<'stream:start'> | undefined;
    await this.open.open(connection, stream_id, async (earlier) => {
      const { message, members: all } = await messages.checkStream({
        ...{ identity_id: identity.id, epoch, conversation_id, stream_id, reply_to },
      });
      if (message) {
        answer = { offset: 0, stopped: false, message };
        earlier?.writer.discard();
        return undefined;
      }
      members.note(conversation_id, all);
      if (restart === true) earlier?.writer.discard();
      else await earlier?.writer.settled();
      const readers = all.map(({ id }) => id).filter((id) => id !== identity.id);
      const begun = await needingRedis(
        state.start(key, {
          ...{ conversationId: conversation_id, epoch, readers, replyTo: reply_to },
          restart: restart ?? false,
        }),
      );
      earlier?.writer.discard();
      const { length, bytes, stopped } = begun;
      metrics.streams.starts.inc({ kind: begun.status });
      answer = { offset: length, stopped };
      const stream = { key, conversationId: conversation_id, isStopKnown: stopped };
      return this.write(connection, stream, { length, bytes, readers });
    });
    if (!answer) throw new TypeError('a start without an answer');
    return answer;
  }

  /** @throws AppError, which is told by `stream:state` */
  append(
    connection: Connection,
    { conversation_id, stream_id, offset, text }: RequestPayload<'stream:append'>,
  ): Promise<void> | undefined {
    const { limits } = this.options;
    enforce([limits.sockets.countStreamBytes(connection.identity, Buffer.byteLength(text))]);
    return this.open.atOnce(connection, stream_id, (stream) => {
      if (stream?.conversationId !== conversation_id) {
        throw new AppError('not_found', 'There is no such stream.');
      }
      stream.writer.append(offset, text);
    });
  }

  /** Where the agent goes on, as far as it is known here. */
  offsetOf(connection: Connection, streamId: string): number {
    return this.open.get(connection, streamId)?.writer.end ?? 0;
  }

  /** The agent is still there, with the streams of this connection. */
  async renew(connection: Connection, streams = this.open.of(connection)): Promise<void> {
    if (streams.length === 0) return;
    const { state } = this.options;
    const { identity, epoch } = connection;
    const ids = streams.map(({ key }) => key.streamId);
    const renewals = await state.renew(identity.id, epoch, ids);
    for (const stream of streams) {
      const renewal = renewals.get(stream.key.streamId);
      if (renewal === 'stopped') this.sendStop(connection, stream);
      if (renewal !== 'gone' && renewal !== 'superseded') continue;
      this.open.close(connection, stream);
      if (renewal === 'gone') this.sendGone(connection, stream);
    }
  }

  /** The connection has ended: what it wrote is handed over, and from now on the stream waits for its agent. */
  async leave(connection: Connection): Promise<void> {
    const streams = this.open.of(connection);
    await Promise.all(streams.map(({ writer }) => writer.settled()));
    const { state, log } = this.options;
    try {
      if (connection.closedWith === 'revoked') {
        await Promise.all(
          streams.map(({ key, conversationId }) =>
            state.limit(key, { conversationId, ms: 0, asked: false }),
          ),
        );
      } else await this.renew(connection, streams);
    } catch (error) {
      log.debug({ reason: String(error) }, 'streams of an ended connection are not renewed');
    }
    for (const stream of streams) this.open.close(connection, stream);
  }

  /**
   * The conversation is not the agent's any more: its streams there are dropped, and so is what readers have of them.
   */
  async drop(connection: Connection, conversationId: string): Promise<void> {
    const { state, log } = this.options;
    for (const stream of this.open.of(connection)) {
      if (stream.conversationId !== conversationId) continue;
      this.open.close(connection, stream);
      this.sendGone(connection, stream);
      try {
        const stored = await state.read(stream.key);
        if (stored) await state.remove(stream.key, stored.run, undefined);
      } catch (error) {
        log.debug({ reason: String(error) }, 'a stream that has ended runs out');
      }
    }
  }

  private write(
    connection: Connection,
    parts: Omit<OpenStream, 'writer'>,
    { readers, ...size }: TextSize & { readers: readonly string[] },
  ): OpenStream {
    const { state, metrics } = this.options;
    const { key } = parts;
    const { epoch } = connection;
    let known = readers;
    const stream: OpenStream = {
      ...parts,
      writer: new StreamWriter(size, {
        beat: this.beat,
        append: async (piece) => {
          known = await this.readersOf(stream, known);
          const appended = await state.append(key, { ...piece, epoch, readers: known });
          metrics.streams.appends.inc({ outcome: appended.status });
          return appended;
        },
        onState: (going) => this.sendState(connection, stream, going),
        onStopped: () => this.sendStop(connection, stream),
        onLost: () => this.open.close(connection, stream),
      }),
    };
    return stream;
  }

  /** Members come and go while it is written. */
  private async readersOf(
    { key, conversationId }: OpenStream,
    known: readonly string[],
  ): Promise<readonly string[]> {
    try {
      const others = await this.options.members.others(conversationId, key.agentId);
      return others.map(({ id }) => id);
    } catch (error) {
      return error instanceof AppError && error.code === 'not_found' ? [] : known;
    }
  }

  private sendStop(connection: Connection, stream: OpenStream): void {
    if (stream.isStopKnown) return;
    stream.isStopKnown = true;
    const { key, conversationId: conversation_id } = stream;
    connection.send('stream:stop', { conversation_id, stream_id: key.streamId });
  }

  private sendGone(connection: Connection, stream: OpenStream): void {
    this.sendState(connection, stream, { offset: 0, code: 'not_found' });
  }

  private sendState(connection: Connection, stream: OpenStream, going: Going): void {
    const { key, conversationId: conversation_id } = stream;
    connection.send('stream:state', { conversation_id, stream_id: key.streamId, ...going });
  }
}
