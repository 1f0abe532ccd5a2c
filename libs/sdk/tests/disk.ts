import type { DeviceStorage } from '../src';

/** What a reload leaves: text by key. */
export class Disk implements DeviceStorage {
  readonly items = new Map<string, string>();

  async get(key: string): Promise<string | null> {
    return this.items.get(key) ?? null;
  }
  async set(key: string, value: string): Promise<void> {
    this.items.set(key, value);
  }
}
