import { quietMinutesLeft } from './quiet-hours';

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
