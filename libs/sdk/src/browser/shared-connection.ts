/// <reference lib="dom" />
import { newClientId } from '../ids';
import { openPlainWire } from '../connection/plain-wire';
import { disconnected, type OpenWire, type WireEnd } from '../connection/wire';
import { followWire } from './follow-wire';
import { LeadWire } from './lead-wire';
import type { TabMessage, Tabs } from './tabs';

export interface SharedConnectionOptions {
  /** Of lock and channel: the same in all tabs that share a login. */
  name: string;
  /** How the leading tab connects. Default: the browser's own WebSocket. */
  open?: OpenWire;
  /** A visible tab that hears nothing of the leader for so long takes its place. Default 5 s. */
  silenceMs?: number;
  /** Another tab has connected while this one stays away, as after `replaced`: it may share that connection. */
  onConnectedElsewhere?: () => void;
}

/**
 * One connection for all tabs of a browser: the tab that holds the lock has it, the others go through that tab. When it
 * is closed the next one in the lock's queue leads; one that is frozen loses the lock to a tab that is seen.
 */
export class SharedConnection {
  readonly #id = newClientId();
  readonly #channel: BroadcastChannel;
  readonly #tabs: Tabs;
  readonly #open: OpenWire;
  readonly #silenceMs: number;
  #lead: LeadWire | null = null;
  #leaderId: string | null = null;
  #heardAt = performance.now();
  #release: () => void = () => undefined;
  /** Has the lock, or had it last. */
  #holder: unknown = null;
  #isStealing = false;
  /** The last client of this tab stays away: it wants no connection. */
  #staysAway = false;
  #isClosed = false;
  readonly #listeners = new Set<(message: TabMessage) => void>();
  readonly #watch: ReturnType<typeof setInterval>;
  /** Whether this tab leads is known. */
  readonly #decided: Promise<void>;

  constructor(private readonly options: SharedConnectionOptions) {
    this.#open = options.open ?? openPlainWire(WebSocket);
    this.#silenceMs = options.silenceMs ?? 5_000;
    this.#channel = new BroadcastChannel(`${options.name}:connection`);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#hear(data);
    this.#tabs = {
      id: this.#id,
      post: (message) => this.#channel.postMessage(message),
      listen: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
    this.#decided = new Promise((resolve) => this.#compete({ ifAvailable: true }, resolve));
    this.#watch = setInterval(() => this.#look(), this.#silenceMs / 2);
  }

  /** For `connectInBrowser`. */
  readonly open: OpenWire = (target, hooks) => {
    let isClosed = false;
    let isEnded = false;
    let wire: ReturnType<OpenWire> | null = null;
    this.#staysAway = false;
    const noting = {
      ...hooks,
      end: (ending: WireEnd) => {
        isEnded = true;
        this.#staysAway = !ending.reconnect;
        hooks.end(ending);
      },
    };
    void this.#decided.then(() => {
      if (isClosed) return;
      wire = this.#lead
        ? this.#lead.open(target, noting)
        : followWire(this.#tabs, this.#leaderId, noting);
    });
    return {
      // Nothing is sent before the wire has said `connected`.
      send: (name, payload, answered) => wire?.send(name, payload, answered),
      close: () => {
        isClosed = true;
        // By its client, which opens another one if it is not over.
        if (!isEnded) this.#staysAway = true;
        wire?.close();
      },
    };
  };

  /** Whether this tab has the connection that the others go through. */
  get isLeader(): boolean {
    return this.#lead !== null;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#release();
    this.#lead?.end();
    this.#lead = null;
    this.#channel.close();
  }

  #compete(how: LockOptions, decided: () => void): void {
    const hold = (lock: Lock | null): Promise<void> | void => {
      if (!lock) {
        // Another tab leads: its successor is the first in the queue.
        this.#compete({}, () => undefined);
        this.#tabs.post({ what: 'who', from: this.#id });
        return decided();
      }
      if (this.#isClosed) return;
      this.#holder = hold;
      if (!this.#lead) this.#beginToLead();
      decided();
      return new Promise((resolve) => (this.#release = resolve));
    };
    navigator.locks.request(`${this.options.name}:connection`, how, hold).catch(() => {
      // Stolen, but by this tab itself, whose turn had come meanwhile.
      if (this.#isStealing || this.#holder !== hold) return;
      // This tab was frozen, and another one leads.
      this.#follow();
      if (!this.#isClosed) this.#compete({}, () => undefined);
    });
  }

  #beginToLead(): void {
    this.#lead = new LeadWire(this.#tabs, this.#open);
    this.#leaderId = this.#id;
    this.#heardAt = performance.now();
    // Whoever followed another leader opens anew, and comes here.
    this.#tabs.post({ what: 'lead', from: this.#id });
    for (const listener of this.#listeners) listener({ what: 'lead', from: this.#id });
  }

  #follow(): void {
    const lead = this.#lead;
    this.#lead = null;
    if (this.#leaderId === this.#id) this.#leaderId = null;
    lead?.end(disconnected('another tab has the connection'));
  }

  /** Another tab wants a connection, and this one none: it goes to the next in the queue. */
  #yield(): void {
    this.#follow();
    this.#release();
    this.#compete({}, () => undefined);
  }

  #hear(message: TabMessage): void {
    if (message.what === 'who' && this.#lead) this.#tabs.post({ what: 'alive', from: this.#id });
    if (message.what === 'lead' && this.#lead && message.from !== this.#id) this.#follow();
    if (message.what === 'lead' || message.what === 'alive') {
      this.#leaderId = message.from;
      this.#heardAt = performance.now();
    }
    if (this.#staysAway) {
      if (message.what === 'open' && this.#lead) return this.#yield();
      if (message.what === 'event' && message.event.name === 'connected')
        this.options.onConnectedElsewhere?.();
    }
    this.#lead?.hear(message);
    for (const listener of [...this.#listeners]) listener(message);
  }

  /** The leader is asked for a sign of life; without one a tab that is seen takes the lock from it. */
  #look(): void {
    if (this.#lead || document.visibilityState !== 'visible') {
      this.#heardAt = performance.now();
      return;
    }
    if (performance.now() - this.#heardAt <= this.#silenceMs) {
      this.#tabs.post({ what: 'who', from: this.#id });
    } else if (!this.#isStealing) {
      // On a busy machine the lock comes late: another try would steal it from this very tab.
      this.#isStealing = true;
      this.#compete({ steal: true }, () => (this.#isStealing = false));
    }
  }
}
