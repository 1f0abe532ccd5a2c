import type { RequestInput, ServerEventPayload } from '@agent-messenger/contracts';
import { contract } from '../contract/contract';
import {
  disconnected,
  type OpenWire,
  type ServerEvent,
  type Wire,
  type WireEnd,
} from '../connection/wire';
import type { SentEnd, TabMessage, Tabs } from './tabs';

/** A tab that was frozen hears of its replacement before it hears that it lost the lock. */
const SETTLE_MS = 500;

type Watched = RequestInput<'presence:watch'>['identities'];

/** The wire of the tab that leads, which the others send and hear through. */
export class LeadWire {
  #wire: Wire | null = null;
  #endOwn: ((end: WireEnd) => void) | null = null;
  #connected: ServerEventPayload<'connected'> | null = null;
  #isSynced = false;
  readonly #followers = new Set<string>();
  /** Each tab watches for itself, the connection for all of them. */
  readonly #watched = new Map<string, Watched>();

  constructor(
    private readonly tabs: Tabs,
    private readonly openWire: OpenWire,
  ) {}

  /** For this tab's own client, whose tries and waits are those of all. */
  open(...[target, hooks]: Parameters<OpenWire>): Wire {
    const end = (ending: WireEnd) => {
      this.#forget();
      hooks.end(ending);
      this.tabs.post({ what: 'end', from: this.tabs.id, end: sent(ending) });
    };
    this.#endOwn = end;
    const wire = this.openWire(target, {
      hear: (event) => {
        // Another tab of this login took the lock while this one was frozen. That lock decides who opens next.
        if (event.name === 'replaced' && event.payload.same_session) {
          wire.close();
          return end({ ...disconnected('another tab has the connection'), delayMs: SETTLE_MS });
        }
        this.#note(event);
        hooks.hear(event);
        // Tabs that stay away follow nobody, and may come back with this connection.
        if (this.#followers.size === 0 && event.name !== 'connected') return;
        this.tabs.post({ what: 'event', from: this.tabs.id, to: null, event });
      },
      end,
    });
    this.#wire = wire;
    return {
      send: (name, payload, answered) =>
        wire.send(name, this.#merged(this.tabs.id, name, payload), answered),
      close: () => {
        wire.close();
        if (this.#wire !== wire) return;
        this.#forget();
        this.#tellEnd();
      },
    };
  }

  hear(message: TabMessage): void {
    const { from } = message;
    if (message.what === 'open') {
      this.#followers.add(from);
      this.#greet(from);
    } else if (message.what === 'close') {
      this.#followers.delete(from);
      this.#watched.delete(from);
    } else if (message.what === 'send' && this.#wire) {
      const { id, name } = message;
      const payload = this.#merged(from, name, message.payload);
      if (id === null) return this.#wire.send(name, payload);
      this.#wire.send(name, payload, (answer) =>
        this.tabs.post({ what: 'answer', from: this.tabs.id, to: from, id, answer }),
      );
    }
  }

  /** This tab leads no more, or is closed. */
  end(ending?: WireEnd): void {
    const wire = this.#wire;
    const endOwn = this.#endOwn;
    this.#forget();
    wire?.close();
    if (ending) endOwn?.({ ...ending, delayMs: 0 });
    else this.#tellEnd();
  }

  /** The connection that the others went through is gone. */
  #tellEnd(): void {
    this.tabs.post({ what: 'end', from: this.tabs.id, end: sent(disconnected('closed')) });
  }

  #note(event: ServerEvent): void {
    if (event.name === 'connected') this.#connected = event.payload;
    if (event.name === 'synced') this.#isSynced = true;
  }

  /** What a connection begins with, for a tab that came later: what it missed it reads from the log. */
  #greet(to: string): void {
    if (!this.#connected) return;
    const { id: from } = this.tabs;
    const connected = { name: 'connected', payload: this.#connected } as const;
    this.tabs.post({ what: 'event', from, to, event: connected });
    if (!this.#isSynced) return;
    this.tabs.post({ what: 'event', from, to, event: { name: 'synced', payload: {} } });
  }

  #merged(tab: string, name: string, payload: unknown): unknown {
    if (name !== 'presence:watch') return payload;
    this.#watched.delete(tab);
    this.#watched.set(tab, (payload as RequestInput<'presence:watch'>).identities);
    // The newest wishes first: a server watches no more than so many.
    const all = [...this.#watched.values()].reverse().flat();
    return { identities: [...new Set(all)].slice(0, contract.limits.presenceWatch) };
  }

  #forget(): void {
    this.#wire = null;
    this.#endOwn = null;
    this.#connected = null;
    this.#isSynced = false;
  }
}

function sent({ error, reconnect, delayMs }: WireEnd): SentEnd {
  const { code, message, retryAfterMs } = error;
  return { code, message, retryAfterMs, reconnect, delayMs };
}
