import type { AgentProfile, Client, Message } from '@agent-messenger/sdk';
import { ChatError } from './options';

/** Listens for what an agent says in a conversation; the answer to a message is the first thing said after it. */
export class Answers {
  readonly #said: Message[] = [];
  readonly #stop: () => void;
  #changed: () => void = () => undefined;

  constructor(
    client: Client,
    conversationId: string,
    private readonly agent: AgentProfile,
  ) {
    this.#stop = client.on('message', (message) => {
      if (message.conversation_id !== conversationId || message.sender.id !== agent.id) return;
      this.#said.push(message);
      this.#changed();
    });
  }

  /** The answer may arrive before the ack that tells the seq of what was asked. */
  async after(seq: number, timeoutMs: number, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', interrupted);
      };
      const interrupted = () => {
        finish();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        finish();
        const seconds = timeoutMs / 1_000;
        reject(new ChatError(`no answer from ${this.agent.name} within ${seconds} s`));
      }, timeoutMs);
      signal.addEventListener('abort', interrupted);
      this.#changed = () => {
        const answer = this.#said.find((each) => each.seq > seq && each.content !== null);
        if (!answer?.content) return;
        finish();
        resolve(answer.content);
      };
      if (signal.aborted) interrupted();
      else this.#changed();
    });
  }

  stop(): void {
    this.#stop();
  }
}
