import { waitFor } from './wait-for';

describe('waitFor', () => {
  it('resolves with the first truthy answer, errors before it notwithstanding', async () => {
    let calls = 0;
    const answer = await waitFor(
      () => {
        calls += 1;
        if (calls === 1) throw new Error('not yet');
        return calls === 3 ? 'here' : undefined;
      },
      { intervalMs: 1 },
    );
    expect(answer).toBe('here');
  });

  it('rejects with what it waited for and the last error', async () => {
    const waiting = waitFor(
      () => {
        throw new Error('still not');
      },
      { timeoutMs: 5, intervalMs: 1, describe: 'the moon' },
    );
    await expect(waiting).rejects.toMatchObject({
      message: 'waited 5 ms in vain for the moon',
      cause: new Error('still not'),
    });
  });
});
