import { signal } from '@preact/signals';

interface Told {
  conversation_id: string;
  identity_id: string;
}

/** A server tells each 6 s at the latest that somebody still types. */
const TYPING_LASTS_MS = 7_000;
/** And each 30 s that an agent is still at it. */
const ACTIVITY_LASTS_MS = 32_000;

export interface Activity extends Told {
  state: 'thinking' | 'using_tool' | 'error' | null;
  label?: string;
}

/** What members of conversations are doing now: nothing tells of its end when they are gone, so it ends by itself. */
export class LiveStates<T extends Told> {
  /** By conversation; who was told of last is last. */
  readonly by = signal<ReadonlyMap<string, readonly T[]>>(new Map());
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly lastsMs: number,
    private readonly goesOn: (told: T) => boolean,
  ) {}

  hear(told: T): void {
    const known = this.#endTimer(told);
    if (!this.goesOn(told)) return this.#show(told, known);
    this.#timers.set(
      keyOf(told),
      setTimeout(() => this.end(told), this.lastsMs),
    );
    this.#show(told, [...known, told]);
  }

  /** Whoever has sent something is done. */
  end(who: Told): void {
    if (this.#timers.has(keyOf(who))) this.#show(who, this.#endTimer(who));
  }

  /** @returns the others in that conversation */
  #endTimer(who: Told): readonly T[] {
    clearTimeout(this.#timers.get(keyOf(who)));
    this.#timers.delete(keyOf(who));
    const known = this.by.value.get(who.conversation_id) ?? [];
    return known.filter(({ identity_id }) => identity_id !== who.identity_id);
  }

  #show({ conversation_id }: Told, next: readonly T[]): void {
    this.by.value = new Map(this.by.value).set(conversation_id, next);
  }
}

export function createTypists() {
  return new LiveStates<Told & { typing: boolean }>(TYPING_LASTS_MS, ({ typing }) => typing);
}

export function createActivities() {
  return new LiveStates<Activity>(ACTIVITY_LASTS_MS, ({ state }) => state !== null);
}

function keyOf({ conversation_id, identity_id }: Told): string {
  return `${conversation_id} ${identity_id}`;
}
