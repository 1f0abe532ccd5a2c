import { signal } from '@preact/signals';
import type { Cache } from '@agent-messenger/sdk/browser';

/** Texts that were begun, by conversation; kept at each key press. */
export class Drafts {
  readonly all = signal<ReadonlyMap<string, string>>(new Map());

  constructor(private readonly cache: Cache) {}

  async load(): Promise<void> {
    const kept = await this.cache.get<Record<string, string>>('drafts').catch(() => undefined);
    if (kept) this.all.value = new Map(Object.entries(kept));
  }

  of(conversationId: string): string {
    return this.all.peek().get(conversationId) ?? '';
  }

  set(conversationId: string, text: string): void {
    const next = new Map(this.all.peek());
    if (text === '') next.delete(conversationId);
    else next.set(conversationId, text);
    this.all.value = next;
    void this.cache.set('drafts', Object.fromEntries(next)).catch(() => undefined);
  }
}
