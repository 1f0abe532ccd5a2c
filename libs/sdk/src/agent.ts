import type {
  Actor,
  Event,
  Message,
  RequestAck,
  RequestInput,
  RequestName,
} from '@agent-messenger/contracts';
import { AgentConversation, type AgentParts } from './agent/agent-conversation';
import {
  closed,
  HandlerRuns,
  type HandlerRunsOptions,
  type IncomingMessage,
  type MessageHandler,
} from './agent/handler-runs';
import { reportFailure } from './agent/report-failure';
import type { MessengerError } from './errors';
import { Gate } from './gate';
import { exitProcess, logLine } from './host';
import type { MessengerEvents } from './messenger-events';
import type { Rest } from './rest';
import { Questions } from './questions/questions';
import { Session, type SessionOptions } from './session';
import { AgentStreams } from './streams/agent-streams';
import { openerOf } from './connection/transport';
import { defaultBackoff, settledWithin } from './time';

export interface AgentOptions extends SessionOptions {
  apiKey: string;
  /** Handlers that run at once; within a conversation they run one after another. Default 64. */
  concurrency?: number;
  /** How long a run of the handler may take, milliseconds. Default 10 minutes. */
  handlerTimeoutMs?: number;
  /**
   * Ends the process with exit code 1 when the agent is over without `close()`: replaced, revoked, refused. Who listens
   * to `ended` decides instead. Default true; false is for libraries.
   */
  exitOnEnd?: boolean;
  /** Takes a line about what nobody listens to. Default: stderr. */
  log?: (line: string) => void;
}
export type AgentEvents = Omit<
  MessengerEvents,
  'message' | 'sendFailed' | 'stream' | 'activity' | 'listed'
>;
export type AgentStatus = RequestInput<'status:set'>['status'];

const HANDLER_TIMEOUT_MS = 600_000;
/** Who connects has called `onMessage` by then, or has forgotten it. */
const NO_HANDLER_MS = 10_000;

/** Connects with an API key; keeps trying for `connectTimeoutMs`, unless the key is refused. */
export async function connectAgent(options: AgentOptions): Promise<Agent> {
  const agent = new Agent(options);
  await agent.start();
  return agent;
}

/** An agent's connection. Events wait until `onMessage` was called. */
export class Agent {
  readonly #session: Session;
  readonly #parts: AgentParts;
  readonly #runsOptions: Omit<HandlerRunsOptions, 'handler'>;
  readonly #exitOnEnd: boolean;
  readonly #write: (line: string) => void;
  readonly #handled = new Gate();
  readonly #stopping = new AbortController();
  #runs: HandlerRuns | null = null;
  #noHandler: ReturnType<typeof setTimeout> | undefined;
  #isStarted = false;
  #status: AgentStatus | null = null;
  #telling: Promise<unknown> = Promise.resolve();

  constructor(options: AgentOptions) {
    const { apiKey } = options;
    this.#exitOnEnd = options.exitOnEnd ?? true;
    this.#write = options.log ?? logLine;
    this.#session = new Session(options, {
      open: openerOf(options),
      namespace: '/agent',
      // Reconnects carry the token: a reconnect storm costs the server no hashing.
      fetchToken: (rest) => rest.request('agentToken', {}, { bearer: apiKey }),
      deliver: (event) => this.#deliver(event),
    });
    this.#parts = {
      session: this.#session,
      streams: new AgentStreams(this.#session),
      questions: new Questions({ session: this.#session, stopping: this.#stopping.signal }),
    };
    this.#runsOptions = {
      parts: this.#parts,
      timeoutMs: options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS,
      concurrency: options.concurrency ?? 64,
      backoff: options.backoff ?? defaultBackoff,
      stopping: this.#stopping.signal,
    };
    this.#session.signal.addEventListener('abort', () => this.#stopping.abort());
    // Not through `on`: only the application's listeners count.
    this.#session.connection.events.on('ended', (error) => this.#ended(error));
    this.#session.events.on('connected', () => this.#tellStatusAgain());
  }

  /** Use `connectAgent`. */
  async start(): Promise<void> {
    await this.#session.start();
    this.#isStarted = true;
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
   * is one that would come again or `handlerTimeoutMs` was over; then `handlerError` tells, the person sees that there
   * is no answer, and the message is passed over.
   */
  onMessage(handler: MessageHandler): void {
    this.#runs = new HandlerRuns({ ...this.#runsOptions, handler });
    this.#handled.open();
  }

  /** What it calls itself from now on, reconnects included; `offline` is what remains without it. */
  setStatus(status: AgentStatus): Promise<void> {
    this.#status = status;
    return this.#tellStatus(status);
  }

  conversation(id: string): AgentConversation {
    return new AgentConversation(id, this.#parts);
  }

  /** One request of the contract, tried once. */
  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<RequestAck<N>> {
    return this.#session.request(name, payload);
  }

  /** Starts no further handler; waits for those that run, at most `deadlineMs` (default 10 s). */
  async close({ deadlineMs = 10_000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#noHandler);
    // What still waits for a handler is let go, and refused.
    this.#handled.open();
    const until = performance.now() + deadlineMs;
    await settledWithin(this.#session.positions.idle(), deadlineMs);
    await this.#session.close(Math.max(0, until - performance.now()));
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
    await this.#opened();
    if (this.#stopping.signal.aborted) throw closed();
    this.#session.events.emit('event', event);
    if (event.type !== 'message.created') return;
    const { message } = event;
    if (!isPresent(message) || message.sender.id === this.identity.id) return;
    if (this.#parts.questions.isReply(message.id)) return;
    const { failure } = (await this.#runs?.run(message)) ?? {};
    if (failure !== undefined) await this.#failed(message, failure);
  }

  /** Events wait for the handler; one that is forgotten would be seen by nobody. */
  async #opened(): Promise<void> {
    if (this.#runs) return;
    this.#noHandler ??= setTimeout(() => {
      if (!this.#runs) this.#log('messages are waiting: onMessage was not called yet');
    }, NO_HANDLER_MS);
    await this.#handled.opened;
    clearTimeout(this.#noHandler);
  }

  async #failed(message: IncomingMessage, failure: unknown): Promise<void> {
    const { events, signal } = this.#session;
    if (!events.has('handlerError')) this.#log(`the handler failed for ${message.id}`, failure);
    events.emit('handlerError', failure, message);
    try {
      await reportFailure(this.#parts, message, failure);
    } catch (error) {
      // Not told: the message is handled again after the restart.
      if (signal.aborted) throw closed(error);
      // The conversation is gone, or the gateway is an older one.
      this.#log(`nobody was told that ${message.id} failed`, error);
    }
  }

  /** A program that goes on without its agent looks healthy and answers nobody. */
  #ended(error: MessengerError): void {
    // Who starts it hears of it by the rejection.
    if (!this.#isStarted || this.#session.events.has('ended')) return;
    this.#log(`it is over (${error.code}): ${error.message}`);
    if (this.#exitOnEnd) exitProcess(1);
  }

  #log(text: string, error?: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#write(`agent-messenger: ${text}${error === undefined ? '' : `: ${reason}`}`);
  }
}

function isPresent(message: Message): message is IncomingMessage {
  return message.content !== null && message.deleted_at === undefined;
}
