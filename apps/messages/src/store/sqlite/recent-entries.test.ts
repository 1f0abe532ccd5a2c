import type { LogEntry } from '../store';
import { RecentEntries } from './recent-entries';

const BOUNDS = { limit: 10, maxChars: 100 };

function entry(pos: number, content = 'text') {
  const event = { type: 'message.created', seq: pos, message: { content } };
  return { pos, entry: { event, to: [] } as unknown as LogEntry };
}

const seqsOf = (found: ReturnType<RecentEntries['after']>) =>
  found && { seqs: found.entries.map(({ event }) => event.seq), end: found.end };

test('it has what follows a position, and no position before its first', () => {
  const recent = new RecentEntries();
  expect(recent.after(0, BOUNDS)).toBeUndefined();
  recent.add([entry(5), entry(6)], recent.generation);
  recent.add([entry(7)], recent.generation);
  expect(recent.after(3, BOUNDS)).toBeUndefined();
  expect(seqsOf(recent.after(4, BOUNDS))).toEqual({ seqs: [5, 6, 7], end: 7 });
  expect(seqsOf(recent.after(4, { ...BOUNDS, limit: 2 }))).toEqual({ seqs: [5, 6], end: 6 });
  expect(seqsOf(recent.after(5, { ...BOUNDS, maxChars: 5 }))).toEqual({ seqs: [6], end: 6 });
  expect(recent.after(7, BOUNDS)).toBeUndefined();
});

test('where nothing was written yet it is at the head; what was rolled back is not waited for', () => {
  const recent = new RecentEntries();
  recent.moveHead(5);
  recent.add([entry(5)], recent.generation);
  expect(seqsOf(recent.after(5, BOUNDS))).toEqual({ seqs: [], end: 5 });
  // Not committed, and written again.
  recent.moveHead(7);
  expect(recent.after(5, BOUNDS)).toBeUndefined();
  recent.moveHead(6);
  expect(recent.after(5, BOUNDS)).toBeUndefined();
  expect(seqsOf(recent.after(6, BOUNDS))).toEqual({ seqs: [], end: 6 });
});

test('where positions do not follow each other it begins anew', () => {
  const recent = new RecentEntries();
  recent.add([entry(5)], recent.generation);
  recent.add([entry(7), entry(8)], recent.generation);
  expect(recent.after(4, BOUNDS)).toBeUndefined();
  expect(seqsOf(recent.after(6, BOUNDS))).toEqual({ seqs: [7, 8], end: 8 });
});

test('nothing is kept of before a change, nor of a transaction that began before it', () => {
  const recent = new RecentEntries();
  recent.add([entry(5)], recent.generation);
  const { generation } = recent;
  recent.invalidate();
  recent.add([entry(6)], generation);
  expect(recent.after(4, BOUNDS)).toBeUndefined();
  expect(recent.after(5, BOUNDS)).toBeUndefined();
  recent.add([entry(8)], recent.generation);
  expect(seqsOf(recent.after(7, BOUNDS))).toEqual({ seqs: [8], end: 8 });
});

test('beyond 8 MiB of text it begins anew', () => {
  const recent = new RecentEntries();
  const large = 'x'.repeat(5 * 1024 * 1024);
  recent.add([entry(1, large), entry(2, large), entry(3)], recent.generation);
  expect(recent.after(0, BOUNDS)).toBeUndefined();
  expect(seqsOf(recent.after(2, BOUNDS))).toEqual({ seqs: [3], end: 3 });
});
