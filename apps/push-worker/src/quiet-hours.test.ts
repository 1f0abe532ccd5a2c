import { quietMinutesLeft, untilQuietHoursEnd } from './quiet-hours';

const at = (time: string) => new Date(`2030-01-15T${time}:00Z`);

test.each([
  ['22:00', '07:00', 'UTC', '23:30', 450],
  ['22:00', '07:00', 'UTC', '06:59', 1],
  ['22:00', '07:00', 'UTC', '07:00', 0],
  ['22:00', '07:00', 'UTC', '12:00', 0],
  ['13:00', '14:30', 'UTC', '13:00', 90],
  ['13:00', '14:30', 'UTC', '12:59', 0],
  ['00:00', '00:00', 'UTC', '00:00', 0],
  ['00:00', '23:59', 'UTC', '00:00', 1_439],
  ['22:00', '07:00', 'Europe/Berlin', '21:00', 540],
  ['22:00', '07:00', 'America/New_York', '02:00', 0],
  ['22:00', '07:00', 'America/New_York', '03:00', 540],
  ['22:00', '07:00', 'Asia/Kathmandu', '16:15', 540],
])('from %s to %s in %s, at %s UTC %d minutes are left', (from, to, timezone, time, left) => {
  expect(quietMinutesLeft({ from, to, timezone }, at(time))).toBe(left);
});

test.each([
  ['an ordinary night', '2030-01-15T22:30:00Z', '2030-01-16T06:00:00Z'],
  ['the night that has an hour less', '2030-03-30T22:30:00Z', '2030-03-31T05:00:00Z'],
  ['the night that has an hour more', '2030-10-26T21:30:00Z', '2030-10-27T06:00:00Z'],
])('in %s they end when the clock on the wall says so', (_name, from, to) => {
  const quietHours = { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' };
  let now = new Date(from);
  for (;;) {
    const wait = untilQuietHoursEnd(quietHours, now);
    if (wait === 0) break;
    expect(now.getTime()).toBeLessThan(Date.parse(to));
    now = new Date(now.getTime() + wait);
  }
  expect(now.toISOString()).toBe(new Date(to).toISOString());
});

test('a time that the night skips still ends them, a quarter of an hour late at most', () => {
  const quietHours = { from: '22:00', to: '02:30', timezone: 'Europe/Berlin' };
  const skipped = Date.parse('2030-03-31T01:00:00Z');
  expect(untilQuietHoursEnd(quietHours, new Date(skipped - 60_000))).toBeLessThanOrEqual(900_000);
  expect(untilQuietHoursEnd(quietHours, new Date(skipped))).toBe(0);
});

test('without quiet hours there is nothing to wait for', () => {
  expect(untilQuietHoursEnd(undefined, new Date())).toBe(0);
});
