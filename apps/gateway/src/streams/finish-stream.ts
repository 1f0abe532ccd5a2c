import type { RequestPayload, Sent } from '@agent-messenger/contracts';
import { AppError, needingRedis, traced } from '@agent-messenger/service-kit';
import type { Logger, Tracing } from '@agent-messenger/service-kit';
import type { AppendQueue, FinishOperation } from '../writes/append-queue';
import type { Connection } from '../connections/connection';
import type { GatewayMetrics } from '../metrics';
import type { AgentStreams } from './agent-streams';
import { supersededBy, type StoredStream, type StreamKey, type StreamState } from './stream-state';

/** With these the same attempt may succeed later; with any other answer of the store there will be no message. */
const PASSING = new Set(['unavailable', 'rate_limited', 'internal']);

interface FinishStreamsOptions {
  appends: AppendQueue;
  state: StreamState;
  agents: AgentStreams;
  metrics: Pick<GatewayMetrics, 'streams'>;
  tracing: Tracing | undefined;
  log: Logger;
}

/** How streams end: one commit to the store, under the stream's id, decides which outcome it is. */
export class FinishStreams {
  constructor(private readonly options: FinishStreamsOptions) {}

  /** @throws AppError `conflict` with `expected_offset` when the text is not the one that the agent means */
  end(
    connection: Connection,
    { conversation_id, stream_id, offset, ...given }: RequestPayload<'stream:end'>,
  ): Promise<Sent> {
    return this.inTurn(connection, stream_id, async (key) => {
      const read = this.readOwn(connection, key, conversation_id);
      const stored = await read.catch((error: unknown) => {
        // The store alone is enough for what comes whole.
        if (given.content === undefined || !isUnavailable(error)) throw error;
        return null;
      });
      const { content = textUpTo(offset, stored), reply_to, metadata, ...offer } = given;
      // Stopped before its first word: there is nothing that could be complete, or asked.
      const isCut = content === '' && stored?.stopped === true;
      return this.commit(connection, key, stored, {
        ...{ conversation_id, outcome: isCut ? 'interrupt' : 'end' },
        ...{ content, metadata, given: given.content !== undefined, ...(!isCut && offer) },
        reply_to: (stored?.replyTo ?? reply_to) as FinishOperation['reply_to'],
      });
    });
  }

  fail(
    connection: Connection,
    { conversation_id, stream_id, error }: RequestPayload<'stream:fail'>,
  ): Promise<Sent> {
    return this.inTurn(connection, stream_id, async (key) => {
      const stored = await this.readOwn(connection, key, conversation_id);
      return this.commit(connection, key, stored, {
        ...{ conversation_id, outcome: 'fail', error, given: false },
        content: stored?.text,
        reply_to: stored?.replyTo as FinishOperation['reply_to'],
      });
    });
  }

  /** Streams whose deadline has passed, for this gateway to interrupt. */
  claim(most: number): Promise<StreamKey[]> {
    return this.options.state.claim(most);
  }

  /** A deadline has passed: what there is becomes a message, unless the agent has ended it meanwhile. */
  async interrupt(key: StreamKey): Promise<void> {
    const { state, tracing } = this.options;
    const stored = await state.read(key);
    if (!stored) return;
    const attributes = {
      'messenger.identity_id': key.agentId,
      'messenger.conversation_id': stored.conversationId,
    };
    await traced(tracing, { name: 'interrupt', kind: 'internal', attributes }, () =>
      this.commitInterruption(key, stored),
    );
  }

  private async commitInterruption(key: StreamKey, stored: StoredStream): Promise<void> {
    const { appends, log } = this.options;
    const { conversationId, text, replyTo } = stored;
    let messageId: string | undefined;
    try {
      const { message } = await appends.finish({
        ...{ identity_id: key.agentId, epoch: null, stream_id: key.streamId },
        ...{ conversation_id: conversationId as FinishOperation['conversation_id'] },
        ...{ outcome: 'interrupt', content: text, given: false },
        reply_to: replyTo as FinishOperation['reply_to'],
      });
      messageId = message.id;
    } catch (error) {
      if (!(error instanceof AppError) || PASSING.has(error.code)) throw error;
      log.info({ code: error.code, stream: key }, 'an interrupted stream leaves no message');
    }
    await this.remove(key, stored, messageId);
    this.options.metrics.streams.ends.inc({ outcome: messageId ? 'interrupt' : 'none' });
  }

  /** Behind everything that the connection has asked of the stream, when its text is in Redis. */
  private inTurn(
    connection: Connection,
    streamId: string,
    finish: (key: StreamKey) => Promise<Sent>,
  ): Promise<Sent> {
    const { open } = this.options.agents;
    return open.inTurn(connection, streamId, async (stream) => {
      await stream?.writer.settled();
      return finish({ agentId: connection.identity.id, streamId });
    });
  }

  /** What Redis has of the stream for this connection. */
  private async readOwn(
    { epoch }: Connection,
    key: StreamKey,
    conversationId: string,
  ): Promise<StoredStream | null> {
    const stored = await needingRedis(this.options.state.read(key));
    if (!stored) return null;
    if (stored.conversationId !== conversationId) {
      throw new AppError('conflict', 'This stream_id is used in another conversation.');
    }
    if (stored.epoch > epoch) throw supersededBy();
    return stored;
  }

  private async commit(
    connection: Connection,
    key: StreamKey,
    stored: StoredStream | null,
    finish: Omit<FinishOperation, 'op' | 'identity_id' | 'epoch' | 'stream_id'>,
  ): Promise<Sent> {
    const { appends, metrics } = this.options;
    const { identity, epoch } = connection;
    try {
      const sent = await appends.finish({
        ...{ identity_id: identity.id, epoch, stream_id: key.streamId },
        ...finish,
      });
      await this.close(connection, key, stored, sent.message.id);
      metrics.streams.ends.inc({ outcome: sent.duplicate ? 'duplicate' : finish.outcome });
      return sent;
    } catch (error) {
      // It is no member any more, or there is no such conversation.
      const isGone = error instanceof AppError && error.code === 'not_found';
      if (isGone) await this.close(connection, key, stored, undefined);
      throw error;
    }
  }

  private async close(
    connection: Connection,
    key: StreamKey,
    stored: StoredStream | null,
    messageId: string | undefined,
  ): Promise<void> {
    const { open } = this.options.agents;
    const stream = open.get(connection, key.streamId);
    if (stream) open.close(connection, stream);
    if (stored) await this.remove(key, stored, messageId);
  }

  /** Never rejects: what stays in Redis runs out, and finds its message there. */
  private async remove(
    key: StreamKey,
    stored: StoredStream,
    messageId: string | undefined,
  ): Promise<void> {
    const { state, log } = this.options;
    await state.remove(key, stored.run, messageId).catch((error: unknown) => {
      log.debug({ reason: String(error) }, 'a stream that has ended runs out');
    });
  }
}

/** The text, if it is as long as its agent says. @throws AppError `conflict` with `expected_offset` */
function textUpTo(offset: number, stored: StoredStream | null): string | undefined {
  // The store may have its message: then this is a repeat.
  if (!stored) return offset === 0 ? '' : undefined;
  if (stored.text.length === offset) return stored.text;
  throw new AppError('conflict', 'The server has another part of this stream.', {
    expectedOffset: stored.text.length,
  });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'unavailable';
}
