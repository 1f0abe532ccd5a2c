import { Inbox } from './inbox';

function take(inbox: Inbox, ...seqs: number[]): boolean[] {
  return seqs.map((seq) => inbox.take(seq));
}

test('takes every position once, in order', () => {
  const inbox = new Inbox(4);

  expect(take(inbox, 5, 6, 7)).toEqual([true, true, true]);
  expect(inbox).toMatchObject({ last: 7, duplicates: 0, outOfOrder: 0 });
});

test('what it has received before is a duplicate and is dropped', () => {
  const inbox = new Inbox();

  expect(take(inbox, 1, 2, 2, 1)).toEqual([true, true, false, false]);
  expect(inbox).toMatchObject({ last: 2, duplicates: 2, outOfOrder: 0 });
});

test('a gap is out of order', () => {
  const inbox = new Inbox();

  expect(take(inbox, 1, 3, 4)).toEqual([true, true, true]);
  expect(inbox).toMatchObject({ last: 4, duplicates: 0, outOfOrder: 1 });
});
