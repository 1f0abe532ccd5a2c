import type { AuditEntry, ExportedRecord } from '@agent-messenger/contracts';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { signCursor, verifyCursor } from './cursors';

/** About how much text a page carries at most. */
const PAGE_BYTES = 1024 * 1024;

/** Where a page ended. In `conversation` and `seq`: the messages of that conversation up to that one are exported. */
const cursorSchema = z.discriminatedUnion('section', [
  z.object({ section: z.literal('account'), after: z.int().min(0) }),
  z.object({ section: z.literal('conversations'), conversation: z.string(), seq: z.int().min(0) }),
  z.object({ section: z.literal('audit'), after: z.int().min(0) }),
]);
export type ExportPosition = z.infer<typeof cursorSchema>;

/** A record, and where the export goes on behind it. */
export interface ExportStep {
  record: ExportedRecord;
  next: ExportPosition;
}

/** The address of an admin is not the person's. */
export function toEntryRecord({ ip, ...entry }: AuditEntry): ExportedRecord {
  return { type: 'audit', data: { ...entry, ip: entry.actor.kind === 'admin' ? null : ip } };
}

interface ExportRequest {
  user_id: string;
  limit: number;
  cursor?: string | undefined;
}

/**
 * A page of an export, which is full by count or by bytes. Whoever fills it offers one step more, to know whether that
 * was all.
 */
export class ExportPage {
  readonly from: ExportPosition;
  private readonly records: ExportedRecord[] = [];
  private readonly of: string;
  private bytes = 0;
  private next: ExportPosition;

  /** @throws AppError `invalid_payload` for a cursor of something else */
  constructor(
    private readonly key: KeyObject,
    private readonly request: ExportRequest,
  ) {
    const { user_id, cursor } = request;
    this.of = `export ${user_id}`;
    this.from =
      cursor === undefined
        ? { section: 'account', after: 0 }
        : verifyCursor(key, this.of, cursorSchema, cursor);
    this.next = this.from;
  }

  /** False when it has no room for it. */
  add({ record, next }: ExportStep): boolean {
    if (this.records.length === this.request.limit || this.bytes >= PAGE_BYTES) return false;
    this.records.push(record);
    this.bytes += Buffer.byteLength(JSON.stringify(record));
    this.next = next;
    return true;
  }

  /** @param isLast whether that was all */
  answer(isLast: boolean) {
    const next_cursor = isLast ? null : signCursor(this.key, this.of, this.next);
    return { records: this.records, next_cursor };
  }
}

interface DeviceRow {
  quiet_hours: string | null;
}

/** The first section, of its rows. */
export function* accountSteps(
  [person, sessions, devices]: readonly [
    Record<string, unknown>[],
    Record<string, unknown>[],
    DeviceRow[],
  ],
  after: number,
): Generator<ExportStep> {
  const records: ExportedRecord[] = [
    ...person.map((data) => ({ type: 'user' as const, data })),
    ...sessions.map((data) => ({ type: 'session' as const, data })),
    ...devices.map(({ quiet_hours, ...data }) => ({
      type: 'device' as const,
      data: { ...data, quiet_hours: quiet_hours === null ? null : parseJson(quiet_hours) },
    })),
  ];
  for (const [index, record] of records.entries()) {
    if (index >= after) yield { record, next: { section: 'account', after: index + 1 } };
  }
}

export function parseJson(json: string): unknown {
  return JSON.parse(json) as unknown;
}
