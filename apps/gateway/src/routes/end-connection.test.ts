import type { AuditRecord } from '@agent-messenger/contracts';
import { endConnection } from './end-connection';

const caller = { ip: '192.0.2.1', identity: undefined, credentialId: undefined, apiKey: undefined };
const input = { params: { identity_id: 'usr_1' }, query: undefined, body: undefined } as const;

/** The results in the audit log, and the code of the answer. */
async function end(evict: () => Promise<void>) {
  const records: AuditRecord[] = [];
  const recordAudit = async (request: { records: AuditRecord[] }) => {
    records.push(...request.records);
    return {};
  };
  const answer = endConnection({ recordAudit }, { evict })(input, caller);
  const code = await answer.then(
    () => 'ok',
    (error: { code?: string }) => error.code,
  );
  expect(records).toMatchObject(records.map(() => ({ target: 'usr_1', ip: '192.0.2.1' })));
  return { code, results: records.map(({ result }) => result) };
}

test('what is recorded as done is done, or its failure is recorded too', async () => {
  expect(await end(async () => undefined)).toEqual({ code: 'ok', results: ['ok'] });
  const away = () => Promise.reject(new Error('Connection is closed.'));
  expect(await end(away)).toEqual({ code: 'unavailable', results: ['ok', 'unavailable'] });
});
