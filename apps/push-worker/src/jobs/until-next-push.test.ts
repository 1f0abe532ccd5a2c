import { untilNextPush } from './notify-device';

const NOW = new Date('2030-01-01T12:00:00.000Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms).toISOString();

test.each([
  ['never told', null, 0],
  ['told long ago', ago(60_000), -55_000],
  ['told a second ago', ago(1_000), 4_000],
  ['told by a service whose clock is a second ahead', ago(-1_000), 5_000],
  ['told before the clock was set back an hour', ago(-3_600_000), 0],
])('%s', (_name, pushedAt, wait) => {
  expect(untilNextPush(pushedAt, 5_000, NOW)).toBe(wait);
});
