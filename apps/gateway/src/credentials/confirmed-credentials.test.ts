import { AppError } from '@agent-messenger/service-kit';
import type { Credentials } from './authenticate';
import { ConfirmedCredentials } from './confirmed-credentials';

const credentials = {
  identity: { id: 'usr_1', kind: 'user', name: 'Ada' },
  credentialId: 'ses_1',
} as unknown as Credentials;

/** A store that answers when it is told to. */
function start() {
  const asked: { answer(): void; refuse(error: Error): void }[] = [];
  const confirmed = new ConfirmedCredentials({
    authorize: () =>
      new Promise((resolve, reject) => {
        asked.push({ answer: () => resolve({ epoch: 1 }), refuse: reject });
      }),
  });
  return { asked, confirmed };
}

const ended = () => new AppError('unauthorized', 'The session has ended.');

test('what is asked about twice at once is asked once, and remembered', async () => {
  const { asked, confirmed } = start();
  const checks = [confirmed.check(credentials), confirmed.check(credentials)];
  asked[0]?.answer();
  await Promise.all(checks);
  await confirmed.check(credentials);
  expect(asked).toHaveLength(1);
});

test('one that ends while the store is asked is asked about again', async () => {
  const { asked, confirmed } = start();
  const check = confirmed.check(credentials);
  confirmed.forget('usr_1', 'ses_1');
  asked[0]?.answer();
  const refused = expect(check).rejects.toMatchObject({ code: 'unauthorized' });
  await new Promise(setImmediate);
  asked[1]?.refuse(ended());
  await refused;
  expect(asked).toHaveLength(2);
});

test('a refusal is not remembered', async () => {
  const { asked, confirmed } = start();
  const check = confirmed.check(credentials);
  asked[0]?.refuse(ended());
  await expect(check).rejects.toMatchObject({ code: 'unauthorized' });
  const again = confirmed.check(credentials);
  asked[1]?.answer();
  await again;
});
