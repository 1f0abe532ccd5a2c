import { placeName } from './place';

/**
 * What the person has changed for themselves (read, muted, archived) is in no event, and this browser's pages share one
 * connection: a page tells the others in which conversation.
 */
export class OwnChanges {
  readonly #channel = new BroadcastChannel(`${placeName()}:own-changes`);

  constructor(onChange: (conversationId: string) => void) {
    this.#channel.onmessage = ({ data }: MessageEvent<string>) => onChange(data);
  }

  tell(conversationId: string): void {
    this.#channel.postMessage(conversationId);
  }

  close(): void {
    this.#channel.close();
  }
}
