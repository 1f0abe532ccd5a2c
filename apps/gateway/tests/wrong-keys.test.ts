import { waitFor } from '@agent-messenger/testkit';
import type { TestGateway } from './harness';
import { ADMIN_KEY, AGENT, API_KEY } from './harness';
import { statuses, useLimits, type CallOptions } from './limits-setup';

const setting = useLimits();
const { call, limited } = setting;

describe('wrong keys', () => {
  const admin = (gateway: TestGateway, adminKey: string, from?: string) =>
    call(gateway, 'POST', '/admin/agents', {
      adminKey,
      body: { name: 'A' },
      ...(from !== undefined && { from }),
    });

  test('an address that guesses the admin key learns nothing more, not even from the right one', async () => {
    const gateway = await limited({ WRONG_KEYS_PER_MINUTE_IP: '2', TRUST_PROXY: 'loopback' });
    const guesses = ['wrong', `${ADMIN_KEY}x`, ADMIN_KEY];
    const ask = (n: number) => admin(gateway, guesses[n] ?? '', '192.0.2.1');
    expect(await statuses(3, ask)).toEqual([401, 401, 429]);
    expect((await admin(gateway, ADMIN_KEY, '192.0.2.2')).status).toBe(201);
  });

  test('guesses of the admin key are in the audit log, from where they came, and nothing else', async () => {
    const gateway = await limited({ WRONG_KEYS_PER_MINUTE_IP: '1', TRUST_PROXY: 'loopback' });
    const from = '192.0.2.77';
    for (const key of ['', ADMIN_KEY, 'wrong', ADMIN_KEY]) await admin(gateway, key, from);
    const record = { action: 'admin.authenticate', actor: { kind: 'anyone', id: null }, ip: from };
    const own = await waitFor(() => {
      const records = setting.harness.store.audit.filter(({ ip }) => ip === from);
      return records.length >= 2 ? records : undefined;
    });
    expect(own).toEqual([
      { ...record, target: null, result: 'unauthorized' },
      { ...record, target: null, result: 'rate_limited' },
    ]);
  });

  test('right keys, and calls without one, do not count', async () => {
    const gateway = await limited({ WRONG_KEYS_PER_MINUTE_IP: '1' });
    expect(await statuses(3, () => admin(gateway, ADMIN_KEY))).toEqual([201, 201, 201]);
    expect(await statuses(3, () => admin(gateway, ''))).toEqual([401, 401, 401]);
    expect((await admin(gateway, ADMIN_KEY)).status).toBe(201);
  });

  test('guessed API keys are refused before auth is asked; tokens go on', async () => {
    const gateway = await limited({ WRONG_KEYS_PER_MINUTE_IP: '2' });
    const read = (options: CallOptions) =>
      call(gateway, 'GET', '/conversations/cnv_1/events', options);
    expect(await statuses(3, () => read({ key: 'amk_key1_Wrong' }))).toEqual([401, 401, 429]);
    expect((await read({ key: API_KEY })).status).toBe(429);
    expect((await read({ as: AGENT })).status).toBe(200);
  });
});
