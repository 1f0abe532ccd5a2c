import type { AgentProfile, Client, ClientConversation, Message } from '@agent-messenger/sdk';
import { ChatError } from './options';
import { orAbort } from './or-abort';

/** Kept of what the agent says between a send and its ack. */
const MAX_EARLY = 1_000;

/**
 * Asks, and finds the answer: what `reply_to` marks as the answer to this very message. An agent that has never marked
 * anything is taken to answer in order, with the next thing it says.
 */
export class Answers {
  #marks = false;

  constructor(
    private readonly client: Client,
    private readonly conversation: ClientConversation,
    private readonly agent: AgentProfile,
  ) {}

  /** What the conversation shows so far of how the agent answers. */
  learn(messages: readonly Message[]): void {
    for (const message of messages) if (this.#isAgents(message)) this.#marks ||= isMarked(message);
  }

  /** Sends and resolves with the answer; each of the two may take `timeoutMs`. */
  async ask(text: string, timeoutMs: number, signal: AbortSignal): Promise<Message> {
    signal.throwIfAborted();
    const early: Message[] = [];
    let take = (message: Message): void => {
      early.push(message);
      if (early.length > MAX_EARLY) early.shift();
    };
    const stop = this.client.on('message', (message) => {
      if (this.#isAgents(message)) take(message);
    });
    try {
      const seconds = `${timeoutMs / 1_000} s`;
      const sending = within(
        this.conversation.send(text),
        timeoutMs,
        `the message was not accepted within ${seconds}`,
      );
      const { message: sent } = await orAbort(sending, signal);
      const answer = new Promise<Message>((resolve) => {
        take = (message) => {
          if (message.content !== null && this.#answers(message, sent)) resolve(message);
        };
        early.forEach((message) => take(message));
      });
      const late = `no answer from ${this.agent.name} within ${seconds}`;
      return await orAbort(within(answer, timeoutMs, late), signal);
    } finally {
      stop();
    }
  }

  #answers(message: Message, sent: Message): boolean {
    this.#marks ||= isMarked(message);
    if (message.reply_to === sent.id) return true;
    return !this.#marks && message.seq > sent.seq;
  }

  #isAgents(message: Message): boolean {
    return message.conversation_id === this.conversation.id && message.sender.id === this.agent.id;
  }
}

function isMarked({ reply_to }: Message): boolean {
  return reply_to !== undefined;
}

function within<T>(work: Promise<T>, timeoutMs: number, problem: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ChatError(problem)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
