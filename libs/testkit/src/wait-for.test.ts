import { waitFor, waitForProgress } from './wait-for';

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

describe('waitForProgress', () => {
  it('takes as long as it grows', async () => {
    let count = 0;
    await waitForProgress(() => (count += 1), 50, { stalledMs: 5, intervalMs: 1 });
    expect(count).toBe(50);
  });

  it('rejects when it has stopped growing', async () => {
    const options = { stalledMs: 5, intervalMs: 1, describe: 'the count' };
    await expect(waitForProgress(() => 3, 4, options)).rejects.toThrow(
      'the count stood at 3 of 4 for 5 ms',
    );
  });
});
