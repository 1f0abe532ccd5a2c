import { signal } from '@preact/signals';
import {
  MessengerError,
  type Changed,
  type Client,
  type ClientConversation,
  type Conversation,
  type ConversationUpdate,
  type Event,
  type Message,
} from '@agent-messenger/sdk/browser';
import { problemText } from '../problem-text';

export interface ChangesOptions {
  client: () => Client | null;
  /** What a change has led to, at once: the connection tells of it later, or not at all. */
  onEvent: (event: Event) => void;
  /** The list has changed, by what was done in this conversation. */
  onList: (conversationId: Conversation['id']) => void;
}

/** What a person does with messages and conversations that are there; each resolves to whether it was done. */
export class Changes {
  /** Why the last change was not made, and where; said above the composer there until the next one. */
  readonly problem = signal<{ conversation_id: string; text: string } | null>(null);

  constructor(private readonly options: ChangesOptions) {}

  react(message: Message, emoji: string, set: boolean): Promise<boolean> {
    return this.#change(message, (to) => to.react(message.id, emoji, set));
  }

  edit(message: Message, content: string): Promise<boolean> {
    return this.#change(message, (to) => to.edit(message.id, content));
  }

  delete(message: Message): Promise<boolean> {
    return this.#change(message, (to) => to.delete(message.id));
  }

  choose(message: Message, actionId: string): Promise<boolean> {
    return this.#change(message, (to) => to.choose(message.id, actionId));
  }

  mute({ id, muted }: Conversation): Promise<boolean> {
    return this.#attempt(id, () => this.update(id, { muted: !muted }));
  }

  archive({ id, archived }: Conversation): Promise<boolean> {
    return this.#attempt(id, () => this.update(id, { archived: !archived }));
  }

  async deleteConversation({ id }: Conversation): Promise<boolean> {
    const isGone = await this.#attempt(id, () => this.#client.deleteConversation(id));
    this.options.onList(id);
    return isGone;
  }

  /** @throws MessengerError */
  async update(id: Conversation['id'], change: ConversationUpdate): Promise<void> {
    await this.#client.updateConversation(id, change);
    this.options.onList(id);
  }

  #change(
    { conversation_id }: Message,
    change: (conversation: ClientConversation) => Promise<Changed>,
  ): Promise<boolean> {
    return this.#attempt(conversation_id, async () => {
      const { event } = await change(this.#client.conversation(conversation_id));
      this.options.onEvent(event);
    });
  }

  async #attempt(conversation_id: string, work: () => Promise<unknown>): Promise<boolean> {
    if (this.problem.peek()?.conversation_id === conversation_id) this.problem.value = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.problem.value = { conversation_id, text: problemText(error) };
      return false;
    }
  }

  get #client(): Client {
    const client = this.options.client();
    if (!client) throw new MessengerError('disconnected', 'not connected');
    return client;
  }
}
