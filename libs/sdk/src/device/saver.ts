import { sleep } from '../time';

export interface SaverOptions {
  /** Writes what there is to keep when it is called. */
  save: () => Promise<void>;
  onError: (error: unknown) => void;
  /** Changes within this time share one write. */
  delayMs: number;
}

/** Writes the newest state after changes, one write at a time. */
export class Saver {
  #dirty = false;
  #writing: Promise<void> | null = null;
  #hurry = new AbortController();

  constructor(private readonly options: SaverOptions) {}

  changed(): void {
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when everything up to now is written, or could not be. */
  async flush(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
    this.#hurry = new AbortController();
  }

  async #write(): Promise<void> {
    const { save, onError, delayMs } = this.options;
    while (this.#dirty) {
      await sleep(delayMs, this.#hurry.signal);
      this.#dirty = false;
      try {
        await save();
      } catch (error) {
        onError(error);
      }
    }
  }
}
