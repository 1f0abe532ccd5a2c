import type { Message, RequestPayload, StreamPiece } from '@agent-messenger/contracts';
import { actorOf, type FakeLog } from './fake-log';

interface FakeStream {
  conversation_id: string;
  text: string;
  stopped: boolean;
}
type Payload<N extends 'stream:start' | 'stream:append' | 'stream:end' | 'stream:fail'> =
  RequestPayload<N>;
type Change = { message: Message; isNew: boolean };

interface FakeStreamsOptions {
  logOf: (conversationId: string) => FakeLog;
  /** A change of the log, which members hear of. */
  tell: (conversationId: string) => void;
  emit: (name: 'stream:state' | 'stream', payload: object) => void;
}

const refused = (code: string, more: object = {}) => ({
  ok: false,
  error: { code, message: code, ...more },
});

/** What a gateway does with the streams of one agent. */
export class FakeStreams {
  readonly open = new Map<string, FakeStream>();
  /** What members saw, in order. */
  readonly pieces: StreamPiece[] = [];
  /** A gateway without streams. */
  isOld = false;
  /** The next append is lost on its way. */
  loses = 0;

  constructor(private readonly options: FakeStreamsOptions) {}

  /** Redis was restarted, empty. */
  forget(): void {
    this.open.clear();
  }

  request(agentId: string, name: string, data: unknown): object | undefined {
    if (this.isOld) return refused('not_found');
    switch (name) {
      case 'stream:start':
        return this.#start(agentId, data as Payload<'stream:start'>);
      case 'stream:append':
        return this.#append(agentId, data as Payload<'stream:append'>);
      case 'stream:end':
        return this.#end(agentId, data as Payload<'stream:end'>);
      case 'stream:fail':
        return this.#fail(agentId, data as Payload<'stream:fail'>);
      default:
        return refused('not_found');
    }
  }

  /** The agent did not come back in time. */
  interrupt(agentId: string, streamId: string): void {
    const stream = this.open.get(streamId);
    if (!stream) throw new Error(`no stream ${streamId}`);
    const fields = { content: stream.text, state: 'interrupted' as const };
    this.#commit(agentId, stream.conversation_id, streamId, fields);
  }

  #start(agentId: string, { conversation_id, stream_id, restart }: Payload<'stream:start'>) {
    const message = this.#messageOf(agentId, conversation_id, stream_id);
    if (message) return { ok: true, offset: 0, stopped: false, message };
    let stream = this.open.get(stream_id);
    if (!stream || restart) {
      stream = { conversation_id, text: '', stopped: stream?.stopped ?? false };
      this.open.set(stream_id, stream);
      this.#piece(agentId, stream_id, 'start', 0, '');
    }
    return { ok: true, offset: stream.text.length, stopped: stream.stopped };
  }

  #append(agentId: string, { stream_id, offset, text, conversation_id }: Payload<'stream:append'>) {
    const stream = this.open.get(stream_id);
    const state = { conversation_id, stream_id };
    if (!stream) this.options.emit('stream:state', { ...state, offset: 0, code: 'not_found' });
    else if (this.loses > 0) this.loses--;
    else if (offset > stream.text.length) {
      this.options.emit('stream:state', { ...state, offset: stream.text.length });
    } else {
      const from = stream.text.length;
      stream.text += text.slice(from - offset);
      this.#piece(agentId, stream_id, 'append', from, stream.text.slice(from));
    }
    return { ok: true };
  }

  #end(agentId: string, end: Payload<'stream:end'>) {
    const { conversation_id, stream_id, offset, content, metadata } = end;
    const stream = this.open.get(stream_id);
    const earlier = this.#messageOf(agentId, conversation_id, stream_id);
    if (earlier && earlier.state !== 'interrupted') {
      const isSame = content === undefined || content === earlier.content;
      return isSame
        ? { ok: true, message: earlier, duplicate: true }
        : refused('conflict', { message_id: earlier.id });
    }
    const isCut = content === undefined && offset === 0 && stream?.stopped === true;
    if (content === undefined && stream?.text.length !== offset) {
      return refused('conflict', { expected_offset: stream?.text.length ?? 0 });
    }
    const { message } = this.#commit(agentId, conversation_id, stream_id, {
      content: content ?? stream?.text ?? '',
      ...(metadata && { metadata }),
      ...(isCut && { state: 'interrupted' }),
    });
    return { ok: true, message, duplicate: false };
  }

  #fail(agentId: string, { conversation_id, stream_id, error }: Payload<'stream:fail'>) {
    const stream = this.open.get(stream_id);
    if (!stream) return refused('not_found');
    const fields = { content: stream.text, state: 'failed' as const, error };
    const { message } = this.#commit(agentId, conversation_id, stream_id, fields);
    return { ok: true, message, duplicate: false };
  }

  #commit(
    agentId: string,
    conversationId: string,
    streamId: string,
    fields: Partial<Message>,
  ): Change {
    const log = this.options.logOf(conversationId);
    const earlier = this.#messageOf(agentId, conversationId, streamId);
    this.open.delete(streamId);
    if (earlier) {
      log.replace(agentId, earlier.id, fields.content ?? '');
    } else {
      log.say(agentId, fields.content ?? '', streamId, fields);
    }
    this.options.tell(conversationId);
    const message = this.#messageOf(agentId, conversationId, streamId);
    this.#piece(agentId, streamId, 'end', message?.content?.length ?? 0, '');
    return { message: message as Message, isNew: !earlier };
  }

  #messageOf(agentId: string, conversationId: string, streamId: string): Message | undefined {
    const { id } = actorOf(agentId);
    return this.options
      .logOf(conversationId)
      .messages.find(({ sender, client_id }) => sender.id === id && client_id === streamId);
  }

  #piece(
    agentId: string,
    stream_id: string,
    kind: StreamPiece['kind'],
    offset: number,
    text: string,
  ) {
    const conversation_id = this.open.get(stream_id)?.conversation_id ?? '';
    this.pieces.push({ conversation_id, stream_id, agent_id: agentId, kind, offset, text });
  }
}
