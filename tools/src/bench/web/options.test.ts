import { UsageError } from '../../command-line';
import { webBenchOptions } from './options';

it('has defaults, and takes numbers', () => {
  expect(webBenchOptions([])).toEqual({
    thousands: 100,
    conversations: 10_000,
    words: 3_000,
    sends: 50,
    seconds: 10,
    hour: 3_600,
    json: false,
    help: false,
  });
  expect(webBenchOptions(['--words', '20', '--json'])).toMatchObject({ words: 20, json: true });
  expect(() => webBenchOptions(['--seconds', '0'])).toThrow(UsageError);
});
