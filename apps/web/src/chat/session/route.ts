import { signal } from '@preact/signals';

/** The conversation that is open, as the address has it: `#cnv_…`. */
export class Route {
  readonly conversationId = signal<string | null>(read());

  /** Returns the function that ends it. */
  follow(): () => void {
    const onChange = () => (this.conversationId.value = read());
    addEventListener('popstate', onChange);
    return () => removeEventListener('popstate', onChange);
  }

  /** Null: the list. */
  go(conversationId: string | null): void {
    if (conversationId === this.conversationId.peek()) return;
    const list = location.pathname + location.search;
    history.pushState(null, '', conversationId === null ? list : `#${conversationId}`);
    this.conversationId.value = conversationId;
  }
}

function read(): string | null {
  return /^#(cnv_[\w-]+)$/.exec(location.hash)?.[1] ?? null;
}
