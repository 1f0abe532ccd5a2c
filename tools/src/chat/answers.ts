import type { AgentProfile, Client, ClientConversation, Message } from '@agent-messenger/sdk';
import { ChatError } from './options';
import { orAbort } from './or-abort';

/** Kept of what the agent says between a send and its ack. */
const MAX_EARLY = 1_000;

/**
 * Asks, and finds the answer: what the agent's SDK or a `reply_to` marks as the answer to this very message. An
 * agent that has never marked anything is taken to answer with the next thing it says.
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
  async ask(text: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
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
      const answer = new Promise<string>((resolve) => {
        take = (message) => {
          if (message.content !== null && this.#answers(message, sent)) resolve(message.content);
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
    if (message.client_id.startsWith(`${sent.id}:`) || message.reply_to === sent.id) return true;
    return !this.#marks && message.seq > sent.seq;
  }

  #isAgents(message: Message): boolean {
    return message.conversation_id === this.conversation.id && message.sender.id === this.agent.id;
  }
}

/** Names the message that it answers: the agent SDK in the `client_id`, others in `reply_to`. */
function isMarked({ client_id, reply_to }: Message): boolean {
  return reply_to !== undefined || /^msg_[^:]+:/.test(client_id);
}

function within<T>(work: Promise<T>, timeoutMs: number, problem: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ChatError(problem)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
