import { reactionsAfter } from './reactions';

const of = (emoji: string, ...identity_ids: string[]) => ({ emoji, identity_ids });

test('emoji stay in the order of their first use, identities in theirs', () => {
  const add = (emoji: string, identity_id: string) => ({ emoji, identity_id, set: true });
  const first = reactionsAfter([], add('👍', 'usr_1'));
  const second = reactionsAfter(first, add('🎉', 'usr_1'));
  const third = reactionsAfter(second, add('👍', 'agt_1'));
  expect(third).toEqual([of('👍', 'usr_1', 'agt_1'), of('🎉', 'usr_1')]);
  expect(reactionsAfter(third, { emoji: '👍', identity_id: 'usr_1', set: false })).toEqual([
    of('👍', 'agt_1'),
    of('🎉', 'usr_1'),
  ]);
  expect(reactionsAfter(second, { emoji: '👍', identity_id: 'usr_1', set: false })).toEqual([
    of('🎉', 'usr_1'),
  ]);
});

test('what is so already leaves the same array', () => {
  const reactions = [of('👍', 'usr_1')];
  expect(reactionsAfter(reactions, { emoji: '👍', identity_id: 'usr_1', set: true })).toBe(
    reactions,
  );
  expect(reactionsAfter(reactions, { emoji: '🎉', identity_id: 'usr_1', set: false })).toBe(
    reactions,
  );
});
