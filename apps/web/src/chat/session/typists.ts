import { signal } from '@preact/signals';
import type { Event } from '@agent-messenger/sdk/browser';

/** A server tells each 6 s at the latest that somebody still types. */
const LASTS_MS = 7_000;

/** Who types, by conversation. */
export class Typists {
  readonly by = signal<ReadonlyMap<string, readonly string[]>>(new Map());
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  hear(told: { conversation_id: string; identity_id: string; typing: boolean }): void {
    const { conversation_id, identity_id, typing } = told;
    const key = `${conversation_id} ${identity_id}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (typing) {
      this.#timers.set(
        key,
        setTimeout(() => this.hear({ ...told, typing: false }), LASTS_MS),
      );
    }
    const others = (this.by.value.get(conversation_id) ?? []).filter((id) => id !== identity_id);
    const next = typing ? [...others, identity_id] : others;
    this.by.value = new Map(this.by.value).set(conversation_id, next);
  }

  /** Whoever has sent no longer types. */
  sent({ conversation_id, actor }: Event): void {
    if (this.by.value.get(conversation_id)?.includes(actor.id))
      this.hear({ conversation_id, identity_id: actor.id, typing: false });
  }
}
