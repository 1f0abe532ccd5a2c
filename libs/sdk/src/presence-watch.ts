import type { Presence, RequestInput } from '@agent-messenger/contracts';
import type { Session } from './session';

type Watched = RequestInput<'presence:watch'>;

/** Whose presence a client is told. A server forgets it with the connection: each new one is told again. */
export class PresenceWatch {
  #watched: Watched | null = null;
  #unanswered = 0;

  constructor(private readonly session: Session) {
    session.events.on('connected', () => void this.#watchAgain());
  }

  /** Replaces the set of the watched. */
  watch(identities: readonly string[]): Promise<Presence[]> {
    const watched: Watched = { identities: identities as Watched['identities'] };
    this.#watched = watched;
    return this.#ask(watched);
  }

  /** Repeats until there is an answer: nothing else would ask before the next connection. */
  async #ask(watched: Watched): Promise<Presence[]> {
    const { connection } = this.session;
    this.#unanswered += 1;
    try {
      const { presence } = await this.session.retry(async () => {
        await connection.whenConnected();
        // A repetition must not bring back a set that another one has replaced.
        return connection.request('presence:watch', this.#watched ?? watched);
      });
      return presence;
    } finally {
      this.#unanswered -= 1;
    }
  }

  async #watchAgain(): Promise<void> {
    // What has no answer yet gets it over this connection.
    if (!this.#watched || this.#unanswered > 0) return;
    const { events, signal } = this.session;
    try {
      for (const each of await this.#ask(this.#watched)) events.emit('presence', each);
    } catch (error) {
      if (!signal.aborted) events.emit('error', error);
    }
  }
}
