import type {
  Actor,
  Event,
  Message,
  RequestAck,
  RequestInput,
  RequestName,
} from '@agent-messenger/contracts';
import type { ConversationHandle } from './conversation-handle';
import { isFinal, MessengerError } from './errors';
import { Gate } from './gate';
import { Limiter } from './limiter';
import type { MessengerEvents } from './messenger-events';
import { ReplyHandle } from './reply-handle';
import type { Rest } from './rest';
import { Session, type SessionOptions } from './session';
import { backoffMs, defaultBackoff, settledWithin, sleep, type Backoff } from './time';

export interface AgentOptions extends SessionOptions {
  apiKey: string;
  /** Handlers that run at once; within a conversation they run one after another. Default 64. */
  concurrency?: number;
}
export type AgentEvents = Omit<MessengerEvents, 'message' | 'sendFailed'>;
export type AgentStatus = RequestInput<'status:set'>['status'];

/** A message of somebody else that is not deleted. */
export type IncomingMessage = Message & { content: string };
export type MessageHandler = (message: IncomingMessage, conversation: ReplyHandle) => unknown;

const RERUNS = 3;

/** Connects with an API key; keeps trying for `connectTimeoutMs`, unless the key is refused. */
export async function connectAgent(options: AgentOptions): Promise<Agent> {
  const agent = new Agent(options);
  await agent.start();
  return agent;
}

/** An agent's connection. Events wait until `onMessage` was called. */
export class Agent {
  readonly #session: Session;
  readonly #backoff: Backoff;
  readonly #limiter: Limiter;
  readonly #handled = new Gate();
  readonly #stopping = new AbortController();
  #handler: MessageHandler = () => undefined;
  #status: AgentStatus | null = null;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(options: AgentOptions) {
    const { apiKey } = options;
    this.#backoff = options.backoff ?? defaultBackoff;
    this.#limiter = new Limiter(options.concurrency ?? 64);
    this.#session = new Session(options, {
      namespace: '/agent',
      // Reconnects carry the token: a reconnect storm costs the server no hashing.
      fetchToken: (rest) => rest.request('agentToken', {}, { bearer: apiKey }),
      deliver: (event) => this.#deliver(event),
    });
    this.#session.signal.addEventListener('abort', () => this.#stopping.abort());
    this.#session.events.on('connected', () => this.#tellStatusAgain());
  }

  /** Use `connectAgent`. */
  async start(): Promise<void> {
    await this.#session.start();
  }

  get identity(): Actor {
    return this.#session.identity;
  }

  get rest(): Rest {
    return this.#session.rest;
  }

  /** Returns the function that removes the listener. */
  on<K extends keyof AgentEvents>(name: K, listener: AgentEvents[K]): () => void {
    return this.#session.events.on(name, listener as MessengerEvents[K]);
  }

  /**
   * One handler for all messages. A message counts as received when its handler and all that it sent have settled.
   * One that rejects, or whose send is refused without its awaiting it, runs again three times, unless the refusal
   * is one that would come again; then `handlerError` tells and the message is passed over.
   */
  onMessage(handler: MessageHandler): void {
    this.#handler = handler;
    this.#handled.open();
  }

  /** What it calls itself from now on, reconnects included; `offline` is what remains without it. */
  setStatus(status: AgentStatus): Promise<void> {
    this.#status = status;
    return this.#tellStatus(status);
  }

  conversation(id: string): ConversationHandle {
    return this.#session.conversation(id);
  }

  /** One request of the contract, tried once. */
  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    return this.#session.request(name, payload);
  }

  /** Starts no further handler; waits for those that run, at most `deadlineMs` (default 10 s). */
  async close({ deadlineMs = 10_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#stopping.abort();
    // What still waits for a handler is let go, and refused.
    this.#handled.open();
    const until = Date.now() + deadlineMs;
    await settledWithin(this.#session.positions.idle(), deadlineMs);
    await this.#session.close(Math.max(0, until - Date.now()));
  }

  /** One after another: a status that is repeated must not overtake the one that came after it. */
  async #tellStatus(status: AgentStatus): Promise<void> {
    const told = this.#telling.then(() =>
      this.#session.connection.requestUntilAnswered('status:set', { status }),
    );
    this.#telling = told.catch(() => undefined);
    await told;
  }

  /** It lives with the connection's lease: a new connection begins as online. */
  #tellStatusAgain(): void {
    if (this.#status === null) return;
    this.#tellStatus(this.#status).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#session.events.emit('error', error);
    });
  }

  async #deliver(event: Event): Promise<void> {
    await this.#handled.opened;
    this.#goOn();
    this.#session.events.emit('event', event);
    if (event.type !== 'message.created') return;
    const { message } = event;
    if (!isPresent(message) || message.sender.id === this.identity.id) return;
    await this.#handle(message);
  }

  async #handle(message: IncomingMessage): Promise<void> {
    for (let reruns = 0; ; reruns++) {
      try {
        return await this.#limiter.run(() => this.#runOnce(message));
      } catch (error) {
        // What fails because it is over is no fault of the handler: the message is handled after the restart.
        if (this.#stopping.signal.aborted) throw closed(error);
        if (reruns === RERUNS || isFinal(error)) {
          return this.#session.events.emit('handlerError', error, message);
        }
        await sleep(backoffMs(this.#backoff, reruns), this.#stopping.signal);
        this.#goOn();
      }
    }
  }

  async #runOnce(message: IncomingMessage): Promise<void> {
    this.#goOn();
    const conversation = new ReplyHandle(this.#session, message);
    try {
      await this.#handler(message, conversation);
    } catch (error) {
      // Its own error tells more than a send that it did not look at.
      await conversation.settled().catch(() => undefined);
      throw error;
    }
    await conversation.settled();
  }

  #goOn(): void {
    if (this.#stopping.signal.aborted) throw closed();
  }
}

function isPresent(message: Message): message is IncomingMessage {
  return message.content !== null && message.deleted_at === undefined;
}

function closed(cause?: unknown): MessengerError {
  return new MessengerError('closed', 'the agent was closed', { cause });
}
