import fc from 'fast-check';
import { LIMITS } from './limits';
import { loginSchema } from './auth-bodies';
import { pushRegistrationSchema } from './push';
import { routes } from './rest';

describe('a list', () => {
  const { query } = routes.listAgents;

  it('takes a limit up to the maximum, as text', () => {
    expect(query.parse({})).toEqual({ limit: LIMITS.pageDefault });
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 1_000 }), (limit) => {
        const parsed = query.safeParse({ limit: String(limit) });
        expect(parsed.success).toBe(limit >= 1 && limit <= LIMITS.pageMax);
        if (parsed.success) expect(parsed.data.limit).toBe(limit);
      }),
    );
  });

  it.each(['', ' 1', '1.0', '1e2', '0x10', '+1', '１', ['1', '2'], { $gt: 1 }, 1])(
    'refuses a limit of %j',
    (limit) => {
      expect(query.safeParse({ limit }).success).toBe(false);
    },
  );
});

it('pages messages before a position, after one, or between two', () => {
  const { query } = routes.listMessages;
  expect(query.parse({ before_seq: '7', limit: '2' })).toEqual({ before_seq: 7, limit: 2 });
  expect(query.parse({ after_seq: '0' })).toEqual({ after_seq: 0, limit: LIMITS.pageDefault });
  const between = { after_seq: 1, before_seq: 4, limit: LIMITS.pageDefault };
  expect(query.parse({ after_seq: '1', before_seq: '4' })).toEqual(between);
  for (const bad of [{ before_seq: '0' }, { after_seq: '-1' }])
    expect(query.safeParse(bad).success).toBe(false);
});

it('finds a person by a username as it may be written on entry, and refuses none', () => {
  const { query } = routes.listUsers;
  for (const username of ['ADA', 'Ada', ' ada '])
    expect(query.parse({ username })).toMatchObject({ username: 'ada' });
  expect(query.parse({ username: 'Nobody At All' })).toMatchObject({ username: 'nobody at all' });
});

it('takes any password on login: one outside the bounds is wrong, not malformed', () => {
  expect(loginSchema.safeParse({ username: 'A b', password: '' }).success).toBe(true);
});

describe('a push registration', () => {
  const device = { device_id: 'phone', platform: 'apns', token: 'token' };
  const accepts = (registration: object) => pushRegistrationSchema.safeParse(registration).success;
  const quiet = (from: string, to: string, timezone: string) =>
    accepts({ ...device, quiet_hours: { from, to, timezone } });

  it('takes the times of a day', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(70), (hour, minute) => {
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        expect(quiet(time, '07:00', 'UTC')).toBe(hour < 24 && minute < 60);
      }),
    );
    for (const bad of ['7:00', '07:0', '07:00:00', '', ' 07:00']) {
      expect(quiet(bad, '07:00', 'UTC')).toBe(false);
    }
  });

  it('takes the time zones that there are', () => {
    for (const zone of ['Europe/Berlin', 'America/Argentina/Buenos_Aires', 'UTC']) {
      expect(quiet('22:00', '07:00', zone)).toBe(true);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(quiet('22:00', '07:00', `x${text}`)).toBe(false);
      }),
    );
  });

  it('needs keys for webpush, and only there', () => {
    const keys = { p256dh: `BA${'a'.repeat(85)}`, auth: 'b'.repeat(22) };
    expect(accepts(device)).toBe(true);
    expect(accepts({ ...device, platform: 'webpush' })).toBe(false);
    const webpush = { ...device, platform: 'webpush', token: 'https://push.example/1' };
    expect(accepts({ ...webpush, keys })).toBe(true);
    expect(accepts({ ...webpush, token: 'http://push.example/1', keys })).toBe(false);
    for (const wrong of [
      { p256dh: '' },
      { p256dh: 'no key at all' },
      // A compressed point, and one byte too many.
      { p256dh: `Ag${'a'.repeat(42)}` },
      { p256dh: `${keys.p256dh}aa` },
      { auth: '' },
      { auth: 'b'.repeat(21) },
      { auth: 'b'.repeat(43) },
      { p256dh: undefined },
    ]) {
      expect(accepts({ ...webpush, keys: { ...keys, ...wrong } })).toBe(false);
    }
  });

  it('refuses text that the store could not keep as it is', () => {
    expect(accepts({ ...device, device_id: '\ud800' })).toBe(false);
    expect(accepts({ ...device, token: 'a\udc00' })).toBe(false);
  });
});
