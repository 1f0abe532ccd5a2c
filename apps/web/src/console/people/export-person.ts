import type { ExportedRecord } from '@agent-messenger/contracts';
import type { Operator } from '../operator';

/** Everything that is kept about a person, as a file that the browser saves: one record a line. */
export async function exportPerson(operator: Operator, user_id: `usr_${string}`): Promise<void> {
  const records: ExportedRecord[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
    const page = await operator.request('exportUser', { params: { user_id }, query });
    records.push(...page.records);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  save(new Blob(lines, { type: 'application/x-ndjson' }), `${user_id}.jsonl`);
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
