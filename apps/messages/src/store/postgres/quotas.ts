import { networkOf } from '@agent-messenger/service-kit';
import { checkRoom, DAY_MS, levelAt, quotaOf, type QuotaRow } from '../../storage/quota-rules';
import type { Storage } from '../../storage/storage';
import { prepared } from './driver/prepared';
import type { AroundCommits, Transactions, Tx } from './driver/transactions';
import { QuotaLedger } from './storage-use/quota-ledger';
import { createQuotaCounter, type QuotaCounter } from './storage-use/quota-counter';
import { Uncounted, type Changes, type Delta } from './storage-use/uncounted';

export interface Quotas {
  /** @throws AppError `unavailable` while there is no room for new content */
  checkRoom(): void;
  /** To charge and give back in memory; what it has counted has to be saved with the transaction. */
  open(tx: Tx, identityIds: readonly string[]): Promise<QuotaLedger>;
  /** One charge, by itself. */
  charge(tx: Tx, identityId: string, bytes: number): Promise<void>;
  /** What a new person stores counts for its address as well. */
  register(tx: Tx, userId: string, ip: string): Promise<void>;
  /** Gives back all that an erased person stored; its address is kept no longer. */
  forget(tx: Tx, userId: string): Promise<void>;
}

interface QuotasOf {
  quotas: Quotas;
  around: AroundCommits;
  /** From here on it is counted in the table. */
  start(transactions: Pick<Transactions, 'write'>): QuotaCounter;
}

const COLUMNS = (of: string) =>
  `${of}.key, ${of}.address, ${of}.bytes, ${of}.day_bytes, ${of}.day_at`;
const SELECT = prepared(
  `SELECT ${COLUMNS('own')} FROM storage_use own WHERE own.key = ANY ($1)
  UNION SELECT ${COLUMNS('shared')} FROM storage_use own JOIN storage_use shared ON shared.key = own.address
  WHERE own.key = ANY ($1)`,
);
// In the order of keys, so that nobody waits in a circle.
const COUNT = `INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
  SELECT key, NULL, bytes, day_bytes, at
  FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) u (key, bytes, day_bytes, at)
  WHERE NOT EXISTS (SELECT 1 FROM identities WHERE id = key AND erased)
  ORDER BY key COLLATE "C"
  ON CONFLICT (key) DO UPDATE SET
    bytes = greatest(0, storage_use.bytes + excluded.bytes),
    day_bytes = CASE WHEN excluded.day_bytes = 0 THEN storage_use.day_bytes
      ELSE excluded.day_bytes + greatest(0, storage_use.day_bytes
        - greatest(0, excluded.day_at - storage_use.day_at)::float8 / ${DAY_MS}
        * CASE WHEN storage_use.key LIKE 'address:%' THEN $7::float8
            WHEN storage_use.key LIKE 'agt\\_%' THEN $6::float8 ELSE $5::float8 END)::bigint END,
    day_at = CASE WHEN excluded.day_bytes = 0 THEN storage_use.day_at ELSE excluded.day_at END`;
const REGISTER = `INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
  VALUES ($1, $2, 0, 0, 0), ($2, NULL, 0, 0, 0) ON CONFLICT DO NOTHING`;
const LEAVE = 'UPDATE storage_use SET bytes = greatest(0, bytes - $2) WHERE key = $1';
const DROP_UNUSED = `DELETE FROM storage_use WHERE key = $1
  AND NOT EXISTS (SELECT 1 FROM storage_use others WHERE others.address = $1)`;

/**
 * What identities and addresses have stored. It is counted with a transaction's commit in memory, and a second later at
 * most in the table: in the transaction itself the row of an address would make all who registered from there wait for
 * each other's commits, at all replicas. So each replica may let through a second of what others did, and a crash
 * forgets a second.
 */
export function createQuotas(storage: Storage): QuotasOf {
  const levelOf = (key: string, level: Pick<QuotaRow, 'day_bytes' | 'day_at'>, at: number) =>
    Math.round(levelAt(level, storage.limits[quotaOf(key)], at));
  const uncounted = new Uncounted((key, { day, at: day_at }, at) =>
    levelOf(key, { day_bytes: day, day_at }, at),
  );
  const counts = new WeakMap<Tx, Changes[]>();
  const counter: { wake: () => void } = { wake: () => undefined };

  function withUncounted(row: QuotaRow): QuotaRow {
    const more = uncounted.of(row.key);
    if (!more) return row;
    const bytes = Math.max(0, row.bytes + more.bytes);
    if (more.day === 0) return { ...row, bytes };
    const day_bytes = levelOf(row.key, row, more.at) + more.day;
    return { ...row, bytes, day_bytes, day_at: more.at };
  }

  async function open(tx: Tx, identityIds: readonly string[]): Promise<QuotaLedger> {
    const at = Date.parse(tx.at);
    const rows = identityIds.length > 0 ? await tx.all<QuotaRow>(SELECT, [identityIds]) : [];
    const known = new Set(rows.map(({ key }) => key));
    const none = { address: null, bytes: 0, day_bytes: 0, day_at: 0 };
    const fresh = identityIds.filter((id) => !known.has(id)).map((key) => ({ key, ...none }));
    return new QuotaLedger([...rows, ...fresh].map(withUncounted), storage, at, note);
  }

  /** What counts when the transaction is committed. */
  function note(tx: Tx, changes: Changes): void {
    counts.set(tx, [...(counts.get(tx) ?? []), changes]);
  }

  const quotas: Quotas = {
    checkRoom: () => checkRoom(storage),
    open,
    async charge(tx, identityId, bytes) {
      const ledger = await open(tx, [identityId]);
      ledger.charge(identityId, bytes);
      ledger.save(tx);
    },
    async register(tx, userId, ip) {
      await tx.run(REGISTER, [userId, `address:${networkOf(ip)}`]);
    },
    async forget(tx, userId) {
      const own = await tx.get<QuotaRow>('DELETE FROM storage_use WHERE key = $1 RETURNING *', [
        userId,
      ]);
      const more = uncounted.of(userId);
      if (more) note(tx, new Map([[userId, negated(more)]]));
      if (!own || own.address === null) return;
      tx.later(LEAVE, [own.address, own.bytes]);
      tx.later(DROP_UNUSED, [own.address]);
      if (more) note(tx, new Map([[own.address, { ...negated(more), day: 0 }]]));
    },
  };

  return {
    quotas,
    around: {
      beforeCommit: (tx) => () => {
        for (const changes of counts.get(tx) ?? []) uncounted.add(changes);
        if (!uncounted.isEmpty) counter.wake();
      },
    },
    start({ write }) {
      const started = createQuotaCounter(uncounted, async (changes) => {
        const { person, agent, address } = storage.limits;
        const keys = [...changes.keys()];
        const deltas = [...changes.values()];
        await write((tx) =>
          tx.run(COUNT, [
            ...[keys, deltas.map(({ bytes }) => bytes), deltas.map(({ day }) => day)],
            ...[deltas.map(({ at }) => at), person.perDay, agent.perDay, address.perDay],
          ]),
        );
      });
      counter.wake = () => started.wake();
      return started;
    },
  };
}

function negated({ bytes, day, at }: Delta): Delta {
  return { bytes: -bytes, day: -day, at };
}
