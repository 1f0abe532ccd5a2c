import type { ConversationPage } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { AGENT, FakeLog, USER } from '../tests/fake-log';
import { arbitrarySteps, take } from '../tests/random-log';
import { ConversationList } from './conversation-list';

const ID = 'cnv_1';
const page = (...logs: FakeLog[]): ConversationPage => ({
  conversations: logs.map((log) => log.conversation()),
  removed: [],
  next_cursor: null,
  sync_token: 'token',
  log_id: 'log-1',
});

function listOf(...logs: FakeLog[]): ConversationList {
  const list = new ConversationList();
  list.addPage(page(...logs));
  return list;
}

it('has by events what a listing gives: title, members, last message, unread', () => {
  fc.assert(
    fc.property(
      arbitrarySteps,
      fc.nat({ max: 40 }),
      fc.nat({ max: 20 }),
      fc.boolean(),
      (steps, at, readSeq, isLive) => {
        const log = new FakeLog(ID);
        for (const step of steps.slice(0, at)) take(log, step);
        log.readSeq = Math.min(readSeq, log.lastSeq);
        const list = listOf(log);
        const live = log.events;
        for (const step of steps.slice(at)) {
          const before = log.lastSeq;
          take(log, step);
          if (log.lastSeq > before) live.push(log.event(log.lastSeq));
        }
        // As they were at their time, or as they are read from the log afterwards; all of them again.
        const events = isLive ? live : log.events;
        for (const event of [...events, ...events]) expect(list.apply(event, USER)).toBe(true);
        expect(list.get(ID)).toEqual(log.conversation());
      },
    ),
  );
});

it('is told to look when an event or a read leaves the count open', () => {
  const log = new FakeLog(ID);
  log.say(AGENT, 'one');
  const { id } = log.say(AGENT, 'two');
  const list = listOf(log);
  expect(list.read(ID, 2)).toBe(false);
  expect(list.read(ID, 3)).toBe(true);
  expect(list.get(ID)).toMatchObject({ unread_count: 0, read_seq: 3 });

  const full = new ConversationList();
  full.put({ ...log.conversation(), unread_count: 1_000 });
  log.say(AGENT, 'one more');
  expect(full.apply(log.event(4), USER)).toBe(true);
  expect(full.get(ID)?.unread_count).toBe(1_000);
  log.remove(AGENT, id);
  expect(full.apply(log.event(5), USER)).toBe(false);
  expect(new ConversationList().apply(log.event(4), USER)).toBe(false);
});

it('does not go back to an answer that events or a read have overtaken', () => {
  const log = new FakeLog(ID);
  const list = listOf(log);
  const early = page(log);
  log.say(AGENT, 'one');
  list.apply(log.event(2), USER);
  expect(list.addPage(early)).toEqual([ID]);
  const unread = log.conversation();
  list.read(ID, 2);
  expect(list.put(unread)).toBe(false);
  expect(list.get(ID)).toMatchObject({ last_seq: 2, unread_count: 0 });
});

it('does not bring back what was deleted or left, until it is joined again', () => {
  const log = new FakeLog(ID);
  const list = listOf(log);
  const early = log.conversation();
  log.leave(USER);
  expect(list.apply(log.event(2), USER)).toBe(true);
  list.put(early);
  expect(list.all()).toEqual([]);
  log.join(USER);
  expect(list.apply(log.event(3), USER)).toBe(false);
  list.put(log.conversation());
  expect(list.all()).toHaveLength(1);
  log.close();
  expect(list.apply(log.event(4), USER)).toBe(true);
  expect(list.all()).toEqual([]);
});
