export type EventMap<E> = { [K in keyof E]: (...args: never[]) => void };

/** Typed events. A listener that throws does not keep the others from being called. */
export class Emitter<E extends EventMap<E>> {
  readonly #listeners = new Map<keyof E, Set<E[keyof E]>>();

  constructor(private readonly onFailure: (error: unknown) => void = throwLater) {}

  /** Returns the function that removes the listener. */
  on<K extends keyof E>(name: K, listener: E[K]): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  has(name: keyof E): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<K extends keyof E>(name: K, ...args: Parameters<E[K]>): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        this.onFailure(error);
      }
    }
  }
}

/** An error that nobody here can answer for reaches the runtime's own handler of uncaught errors. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
