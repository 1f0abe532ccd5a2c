interface Buffered {
  bufferedBytes(): number;
  isClosed(): boolean;
  /** Calls the listener when bytes were taken, or the transport has closed. */
  listen(listener: () => void): () => void;
}

/** Where writing may begin again: not at zero, or a slow but steady reader would stand idle between pages. */
const LOW_WATER_BYTES = 64 * 1024;

/** Resolves true at the low-water mark or the end, false when nothing at all was taken for `stallMs`. */
export function waitForDrain(
  { bufferedBytes, isClosed, listen }: Buffered,
  stallMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    let before = bufferedBytes();
    const settle = (drained: boolean) => {
      clearInterval(timer);
      stop();
      resolve(drained);
    };
    const look = () => {
      if (isClosed() || bufferedBytes() <= LOW_WATER_BYTES) settle(true);
    };
    const stop = listen(look);
    const timer = setInterval(() => {
      const now = bufferedBytes();
      if (now >= before) settle(false);
      before = now;
    }, stallMs);
    look();
  });
}
