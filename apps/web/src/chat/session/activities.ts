import { signal } from '@preact/signals';

/** A server tells each 30 s at the latest that an agent is still at it. */
const LASTS_MS = 32_000;

export interface Activity {
  conversation_id: string;
  identity_id: string;
  state: 'thinking' | 'using_tool' | 'error' | null;
  label?: string;
}

/** What agents are doing, by conversation. */
export class Activities {
  readonly by = signal<ReadonlyMap<string, readonly Activity[]>>(new Map());
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  hear(told: Activity): void {
    const { conversation_id, identity_id, state } = told;
    const key = `${conversation_id} ${identity_id}`;
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (state !== null) {
      const end = () => this.hear({ conversation_id, identity_id, state: null });
      this.#timers.set(key, setTimeout(end, LASTS_MS));
    }
    const known = this.by.value.get(conversation_id) ?? [];
    const others = known.filter((each) => each.identity_id !== identity_id);
    const next = state === null ? others : [...others, told];
    this.by.value = new Map(this.by.value).set(conversation_id, next);
  }
}
