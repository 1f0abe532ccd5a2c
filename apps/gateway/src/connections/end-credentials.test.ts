import { createLogger } from '@agent-messenger/service-kit';
import { createEndCredentials } from './end-credentials';

const log = createLogger({ name: 'test', level: 'silent' });

test('all are told at once, and that Redis is away holds nobody up', async () => {
  const told: (string | null)[] = [];
  const forgotten: string[] = [];
  const failures: ((error: Error) => void)[] = [];
  const endCredentials = createEndCredentials(
    {
      evict: (_identityId, credentialId) => {
        told.push(credentialId);
        return new Promise((_resolve, reject) => failures.push(reject));
      },
    },
    { forget: (_identityId, credentialId) => forgotten.push(credentialId) },
    log,
  );
  const ended = ['ses_1', 'ses_2', 'ses_3'].map((credential_id) => ({
    identity_id: 'usr_1',
    credential_id,
  }));
  const done = endCredentials(ended);
  expect(told).toEqual(['ses_1', 'ses_2', 'ses_3']);
  expect(forgotten).toEqual(told);
  for (const fail of failures) fail(new Error('Command timed out'));
  await expect(done).resolves.toBeUndefined();
});
