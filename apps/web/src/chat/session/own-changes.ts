import { placeName } from './place';

/**
 * What the person has changed for themselves (read, muted, archived) is in no event, and this browser's pages share one
 * connection: a page tells the others in which conversation.
 */
export class OwnChanges {
  readonly #channel = new BroadcastChannel(`${placeName()}:own-changes`);
  #isClosed = false;

  constructor(onChange: (conversationId: string) => void) {
    this.#channel.onmessage = ({ data }: MessageEvent<string>) => onChange(data);
  }

  /** Also when what was changed is answered after the person has left: then there is nobody to be told. */
  tell(conversationId: string): void {
    if (!this.#isClosed) this.#channel.postMessage(conversationId);
  }

  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }
}
