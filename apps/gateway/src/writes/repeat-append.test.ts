import { AppError } from '@agent-messenger/service-kit';
import { idsOf, setup, type Append } from '../../tests/append-queue-setup';
import { settled } from '../../tests/fakes';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] }));
afterEach(() => void jest.useRealTimers());

describe('an append that is not answered', () => {
  const lost = new AppError('unavailable', 'messages cannot be reached', { inDoubt: true });

  async function repeated(appends: Append[]): Promise<void> {
    await settled();
    jest.advanceTimersByTime(100);
    await settled();
    expect(appends).toHaveLength(1);
  }

  test('is repeated until it is, before the next one', async () => {
    const { send, received, appends, commit } = setup();
    const first = send('1');
    await settled();
    const second = send('2');
    received(4);
    appends.shift()?.reject(lost);
    await repeated(appends);
    // That it cannot be reached for now says nothing about the first time.
    appends.shift()?.reject(new AppError('unavailable', 'messages cannot be reached'));
    await repeated(appends);
    expect(idsOf(commit())).toEqual(['1']);
    await first;
    await settled();
    expect(commit().map(({ op }) => op)).toEqual(['send', 'received']);
    await second;
  });

  test('refuses its sends and those behind it after a moment, and the next ones until it is answered', async () => {
    const { send, received, appends, commit, queue } = setup();
    received(4);
    const refused = [send('1')];
    await settled();
    refused.push(send('2'));
    const outcome = Promise.allSettled(refused);
    appends.shift()?.reject(lost);
    await repeated(appends);
    appends.shift()?.reject(lost);
    await repeated(appends);
    jest.advanceTimersByTime(2_000);
    const unavailable = { reason: expect.objectContaining({ code: 'unavailable' }) as unknown };
    expect(await outcome).toMatchObject([unavailable, unavailable]);
    await expect(send('3')).rejects.toMatchObject({ code: 'unavailable' });
    // The drain does not wait for it.
    await queue.flush();
    expect(commit().map(({ op }) => op)).toEqual(['send', 'received']);
    await settled();
    const next = send('4');
    await settled();
    expect(idsOf(commit())).toEqual(['4']);
    await next;
  });

  test('is told when it is known at last, also of those that were refused meanwhile', async () => {
    const { queue, appends, commit } = setup();
    const committed = jest.fn();
    const by = { conversation_id: 'cnv_a', identity_id: 'usr_1', epoch: 3 } as const;
    const refused = Promise.allSettled([
      queue.send({ ...by, client_id: '1', content: 'x' }, committed),
    ]);
    await settled();
    appends.shift()?.reject(lost);
    await repeated(appends);
    jest.advanceTimersByTime(2_000);
    expect(await refused).toMatchObject([{ status: 'rejected' }]);
    expect(committed).not.toHaveBeenCalled();
    commit();
    await settled();
    expect(committed.mock.calls).toMatchObject([[{ duplicate: false, message: { seq: 1 } }]]);
  });

  test('has failed when the gateway stops', async () => {
    const { send, appends, stopping } = setup();
    const refused = Promise.allSettled([send('1')]);
    await settled();
    stopping.abort();
    appends.shift()?.reject(lost);
    expect(await refused).toMatchObject([{ reason: lost }]);
  });
});
