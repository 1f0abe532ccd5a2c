import type { Send } from '@agent-messenger/contracts';
import { Saver } from './saver';

/**
 * Where a device keeps what must outlive a reload: one per identity and device, `localStorage` or a file for example.
 */
export interface DeviceStorage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

/** How far this device has come in the logs of one store. */
export interface SavedPositions {
  logId: string;
  positions: ReadonlyMap<string, number>;
}
export interface Remembered {
  identityId: string;
  sends: Send[];
  place: SavedPositions | null;
}

export interface DeviceMemoryOptions {
  storage: DeviceStorage;
  /** Null while it is not known whose session this is: nothing is written then. */
  identityId: () => string | null;
  sends: () => Send[];
  place: () => SavedPositions | null;
  onError: (error: unknown) => void;
}

export const OUTBOX_KEY = 'agent-messenger:outbox';
const POSITIONS_KEY = 'agent-messenger:positions';
const POSITIONS_DELAY_MS = 250;

/**
 * Unsent messages and positions, kept in the application's storage. A position may be older than what the application
 * has seen, never newer: after a crash it gets the last events again.
 */
export class DeviceMemory {
  readonly #outbox: Saver;
  readonly #positions: Saver;

  constructor(private readonly options: DeviceMemoryOptions) {
    const { onError } = options;
    this.#outbox = new Saver({ save: () => this.#saveSends(), onError, delayMs: 0 });
    this.#positions = new Saver({
      save: () => this.#savePlace(),
      onError,
      delayMs: POSITIONS_DELAY_MS,
    });
  }

  /** Of an earlier session; null when there is nothing, or nothing that can be read. */
  async load(): Promise<Remembered | null> {
    const { storage } = this.options;
    const [outbox, positions] = await Promise.all([
      storage.get(OUTBOX_KEY).then(parse),
      storage.get(POSITIONS_KEY).then(parse),
    ]);
    const identityId = outbox?.['identity_id'] ?? positions?.['identity_id'];
    if (typeof identityId !== 'string') return null;
    return {
      identityId,
      sends: sendsOf(outbox?.['sends']),
      place: positions?.['identity_id'] === identityId ? placeOf(positions) : null,
    };
  }

  sendsChanged(): void {
    this.#outbox.changed();
  }

  positionsChanged(): void {
    this.#positions.changed();
  }

  async flush(): Promise<void> {
    await Promise.all([this.#outbox.flush(), this.#positions.flush()]);
  }

  async #saveSends(): Promise<void> {
    const { storage, identityId, sends } = this.options;
    const identity_id = identityId();
    if (identity_id === null) return;
    await storage.set(OUTBOX_KEY, JSON.stringify({ identity_id, sends: sends() }));
  }

  async #savePlace(): Promise<void> {
    const { storage, identityId, place } = this.options;
    const identity_id = identityId();
    const now = place();
    if (identity_id === null || !now) return;
    const positions = Object.fromEntries(now.positions);
    await storage.set(POSITIONS_KEY, JSON.stringify({ identity_id, log_id: now.logId, positions }));
  }
}

/** Those that can be sent; a server judges the rest of them. */
function sendsOf(saved: unknown): Send[] {
  if (!Array.isArray(saved)) return [];
  return saved.filter((send: Partial<Send> | null): send is Send =>
    [send?.conversation_id, send?.client_id, send?.content].every((it) => typeof it === 'string'),
  );
}

function placeOf(saved: Record<string, unknown>): SavedPositions | null {
  const { log_id: logId, positions } = saved;
  if (typeof logId !== 'string' || typeof positions !== 'object' || !positions) return null;
  const entries = Object.entries(positions).filter((entry): entry is [string, number] =>
    Number.isSafeInteger(entry[1]),
  );
  return { logId, positions: new Map(entries) };
}

/** Null for what is not an object: a device that cannot read what it kept begins anew. */
function parse(text: string | null): Record<string, unknown> | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
