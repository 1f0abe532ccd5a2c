import { newClientId } from '../ids';
import type { Session } from '../session';
import { AgentStream, type StreamOptions } from './agent-stream';
import type { StreamTarget } from './stream-outcome';

/** The answers that an agent is writing now, by identity. */
export class AgentStreams {
  readonly #open = new Map<string, AgentStream>();

  constructor(private readonly session: Session) {
    const { events } = session.connection;
    events.on('stream:state', (state) => this.#find(state)?.goOn(state));
    events.on('stream:stop', (stop) => this.#find(stop)?.stop());
    session.events.on('connected', () => {
      for (const stream of this.#open.values()) stream.resume();
    });
    session.signal.addEventListener('abort', () => {
      for (const stream of this.#open.values()) stream.abandon();
    });
  }

  /** One that is open under the same id is given up: it is written anew. */
  start(
    target: Omit<StreamTarget, 'streamId' | 'replyTo'>,
    { streamId = newClientId(), reply_to }: StreamOptions & { streamId?: string },
  ): AgentStream {
    this.#open.get(streamId)?.abandon();
    const stream: AgentStream = new AgentStream({
      ...target,
      streamId,
      replyTo: reply_to,
      connection: this.session.connection,
      onOver: () => {
        if (this.#open.get(streamId) === stream) this.#open.delete(streamId);
      },
    });
    this.#open.set(streamId, stream);
    return stream;
  }

  /** Whoever asks to stop may know its id, and be in another conversation. */
  #find(of: { conversation_id: string; stream_id: string }): AgentStream | undefined {
    const stream = this.#open.get(of.stream_id);
    return stream?.conversationId === of.conversation_id ? stream : undefined;
  }

  /** Those that have no outcome, of the ids that begin so. */
  openOf(prefix: string): AgentStream[] {
    return [...this.#open.values()].filter(({ id, isOver }) => id.startsWith(prefix) && !isOver);
  }
}
