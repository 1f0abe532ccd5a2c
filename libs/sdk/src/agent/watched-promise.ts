/**
 * Knows whether anybody looked at it: `await`, `Promise.all`, `catch` and `finally` all call `then`. What looks takes
 * the responsibility for a rejection; one that nobody looked at is never the runtime's unhandled rejection.
 */
export class WatchedPromise<T> extends Promise<T> {
  isWatched = false;

  /** What `then` returns is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<T>(promise: Promise<T>): WatchedPromise<T> {
    const watched = new WatchedPromise<T>((resolve) => resolve(promise));
    void Promise.prototype.then.call(watched, undefined, () => undefined);
    return watched;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isWatched = true;
    return super.then(onFulfilled, onRejected);
  }
}
