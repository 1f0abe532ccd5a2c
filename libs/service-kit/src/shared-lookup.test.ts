import type { LookupFunction } from 'node:net';
import { createSharedLookup } from './shared-lookup';

function setup() {
  const asked: { hostname: string; answer: Parameters<LookupFunction>[2] }[] = [];
  const lookup = createSharedLookup((hostname, _options, answer) => {
    asked.push({ hostname, answer });
  });
  const ask = (hostname: string, all = true) =>
    new Promise((resolve) => {
      lookup(hostname, { all }, (...answer) => resolve(answer));
    });
  return { asked, ask };
}

it('asks once for all who wait for the same name, and again when that was answered', async () => {
  const { asked, ask } = setup();
  const waiting = [ask('gone'), ask('gone'), ask('gone')];
  const other = ask('here');
  expect(asked.map(({ hostname }) => hostname)).toEqual(['gone', 'here']);
  asked[1]?.answer(null, '10.0.0.2', 4);
  expect(await other).toEqual([null, '10.0.0.2', 4]);

  const failure = Object.assign(new Error('gone'), { code: 'EAI_AGAIN' });
  asked[0]?.answer(failure, []);
  for (const each of waiting) expect(await each).toEqual([failure, [], undefined]);

  const again = ask('gone');
  asked[2]?.answer(null, '10.0.0.1', 4);
  expect(await again).toEqual([null, '10.0.0.1', 4]);
});

it('does not take one kind of answer for another', () => {
  const { asked, ask } = setup();
  void ask('here', true);
  void ask('here', false);
  expect(asked).toHaveLength(2);
});
