import type { AuditRecord } from '@agent-messenger/contracts';
import { NETWORKS_PER_SITE, networkOf, siteOf } from './network-of';

const MINUTE_MS = 60_000;
/** Of one address, action and minute, by whom and about what: more are one entry that names neither. */
const APART = 10;

interface Window {
  /** The /48 of an IPv6 address. */
  site: string | undefined;
  action: AuditRecord['action'];
  /** Monotonic, milliseconds. */
  endsAt: number;
  entries: Map<string, Entry>;
}

interface Entry {
  record: AuditRecord;
  /** Refusals that are in no record yet. */
  unsent: number;
  /** Whether a record was made of the first of them. */
  isKnown: boolean;
}

/** A record, and what is to be done when it has been taken. */
interface Due {
  record: AuditRecord;
  taken(): void;
}

interface RefusalWindowsOptions {
  /** Pairs of address and action that are told apart at a time. */
  most: number;
  /** Monotonic, milliseconds. */
  now?: () => number;
}

/**
 * Refusals by address (IPv6: by /64, and together the further ones of a /48), action and minute. Whatever one address
 * does makes a few entries a minute, takes little memory, and leaves the entries of others where they are.
 */
export class RefusalWindows {
  private readonly windows = new Map<string, Window>();
  private readonly now: () => number;

  constructor(private readonly options: RefusalWindowsOptions) {
    this.now = options.now ?? (() => performance.now());
  }

  /** Counts a refusal; false when there is no room for another address. */
  add(record: AuditRecord): boolean {
    const window = this.windowOf(record);
    if (!window) return false;
    const entry = entryOf(window, record);
    entry.unsent += 1;
    return true;
  }

  /** Whether something is not taken yet. */
  get hasUnsent(): boolean {
    return [...this.windows.values()].some(({ entries }) =>
      [...entries.values()].some(({ unsent }) => unsent > 0),
    );
  }

  /** The first refusals of a kind at once, the others at the end of their minute; at the end of all, everything. */
  due({ isLast = false } = {}): Due[] {
    const now = this.now();
    const due: Due[] = [];
    for (const { endsAt, entries } of this.windows.values()) {
      for (const entry of entries.values()) {
        if (entry.unsent > 0 && (isLast || !entry.isKnown || endsAt <= now)) due.push(toDue(entry));
      }
    }
    return due;
  }

  private windowOf({ ip, action }: AuditRecord): Window | undefined {
    const network = ip === null ? '' : networkOf(ip);
    const site = ip === null ? undefined : siteOf(ip);
    const own = this.current(`${network} ${action}`);
    if (own) return own;
    const shared = site !== undefined && this.isCrowded(site, action);
    const key = `${shared ? site : network} ${action}`;
    const found = shared && this.current(key);
    if (found) return found;
    if (!this.windows.has(key) && this.windows.size >= this.options.most) this.forgetEnded();
    if (!this.windows.has(key) && this.windows.size >= this.options.most) return undefined;
    const endsAt = this.now() + MINUTE_MS;
    const window: Window = { site, action, endsAt, entries: new Map() };
    this.windows.set(key, window);
    return window;
  }

  private current(key: string): Window | undefined {
    const window = this.windows.get(key);
    return window && this.goesOn(window) ? window : undefined;
  }

  private goesOn(window: Window): boolean {
    return window.endsAt > this.now() || hasUnsent(window);
  }

  /** Whoever has a /48 has 65,536 networks, and is not to fill the room of all with them. */
  private isCrowded(site: string, action: AuditRecord['action']): boolean {
    let networks = 0;
    for (const window of this.windows.values()) {
      if (window.site === site && window.action === action && this.goesOn(window)) networks += 1;
      if (networks === NETWORKS_PER_SITE) return true;
    }
    return false;
  }

  private forgetEnded(): void {
    for (const [key, window] of this.windows) {
      if (!this.goesOn(window)) this.windows.delete(key);
    }
  }
}

function hasUnsent({ entries }: Window): boolean {
  return [...entries.values()].some(({ unsent }) => unsent > 0);
}

function entryOf({ entries }: Window, record: AuditRecord): Entry {
  const { actor, target, result } = record;
  const own = JSON.stringify([actor.kind, actor.id, target, result]);
  const known = entries.get(own);
  if (known) return known;
  const isApart = entries.size < APART;
  const key = isApart ? own : JSON.stringify([actor.kind, result]);
  const entry = entries.get(key) ?? {
    record: isApart ? record : { ...record, actor: { kind: actor.kind, id: null }, target: null },
    unsent: 0,
    isKnown: false,
  };
  entries.set(key, entry);
  return entry;
}

function toDue(entry: Entry): Due {
  const count = entry.unsent;
  return {
    record: { ...entry.record, ...(count > 1 && { count }) },
    taken() {
      entry.unsent -= count;
      entry.isKnown = true;
    },
  };
}
