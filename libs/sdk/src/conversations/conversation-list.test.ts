import {
  previewOf,
  withoutReactedMessage,
  type Conversation,
  type ConversationPage,
} from '@agent-messenger/contracts';
import fc from 'fast-check';
import { AGENT, FakeLog, USER } from '../../tests/fake-log';
import { arbitrarySteps, take } from '../../tests/random-log';
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
      fc.boolean(),
      (steps, at, readSeq, isLive, isCompact) => {
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
        const sent = isCompact ? events.map(withoutReactedMessage) : events;
        for (const event of [...sent, ...sent]) expect(list.apply(event, USER)).toBe(true);
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

describe('a listing with previews', () => {
  const text = 'x'.repeat(2_000);
  const listed = (log: FakeLog): Conversation => {
    const conversation = log.conversation();
    const { last_message } = conversation;
    return { ...conversation, last_message: last_message && previewOf(last_message) };
  };
  const lastOf = (list: ConversationList) => list.get(ID)?.last_message;

  it('gives way to the whole message, which comes as an event the listing knows of', () => {
    const log = new FakeLog(ID);
    log.say(AGENT, text);
    const list = new ConversationList();
    list.put(listed(log));
    expect(lastOf(list)).toMatchObject({ truncated: true });
    expect(list.apply(log.event(2), USER)).toBe(true);
    expect(list.get(ID)).toEqual(log.conversation());
  });

  it('leaves the whole message where it is known, and shows a later state of it', () => {
    const log = new FakeLog(ID);
    const { id } = log.say(AGENT, text);
    const list = listOf(log);
    list.put(listed(log));
    expect(lastOf(list)).toMatchObject({ id, content: text });
    log.edit(AGENT, id, `y${text}`);
    list.put(listed(log));
    expect(lastOf(list)).toMatchObject({ id, truncated: true, updated_seq: 3 });
    list.apply(log.event(3), USER);
    expect(list.get(ID)).toEqual(log.conversation());
  });
});

describe('positions of members', () => {
  const receipt = (delivered_seq: number, read_seq: number, identity_id = AGENT) => ({
    conversation_id: ID,
    identity_id,
    delivered_seq,
    read_seq,
  });
  const agentOf = (list: ConversationList) =>
    list.get(ID)?.members.find(({ id }) => id === AGENT) ?? null;

  it('only rise, whatever overtakes what', () => {
    const log = new FakeLog(ID);
    for (let n = 0; n < 5; n++) log.say(USER, 'text');
    const list = listOf(log);
    const early = page(log);
    list.receipt(receipt(4, 2), USER);
    list.receipt(receipt(3, 3), USER);
    expect(agentOf(list)).toMatchObject({ delivered_seq: 4, read_seq: 3 });
    list.addPage(early);
    expect(agentOf(list)).toMatchObject({ delivered_seq: 4, read_seq: 3 });
    list.receipt(receipt(6, 0, USER), USER);
    list.receipt(receipt(2, 0, USER), USER);
    expect(list.get(ID)).toMatchObject({ delivered_seq: 6 });
  });

  it('come from a listing for what moved while the device was away', () => {
    const log = new FakeLog(ID);
    log.say(USER, 'text');
    const list = listOf(log);
    const { conversations, ...rest } = page(log);
    const later = conversations.map((each) => ({
      ...each,
      members: each.members.map((member) =>
        member.id === AGENT ? { ...member, name: 'New', delivered_seq: 2, read_seq: 2 } : member,
      ),
    }));
    list.addPage({ ...rest, conversations: later });
    expect(agentOf(list)).toMatchObject({ name: 'New', delivered_seq: 2, read_seq: 2 });
  });

  it('come also from an answer that does not know yet what was read here', () => {
    const log = new FakeLog(ID);
    log.say(USER, 'text');
    log.say(AGENT, 'answer');
    const list = listOf(log);
    const { members, ...early } = log.conversation();
    list.read(ID, 3);
    const moved = members.map((member) =>
      member.id === AGENT ? { ...member, delivered_seq: 3, read_seq: 2 } : member,
    );
    expect(list.put({ ...early, members: moved })).toBe(false);
    expect(agentOf(list)).toMatchObject({ delivered_seq: 3, read_seq: 2 });
    expect(list.get(ID)).toMatchObject({ read_seq: 3, unread_count: 0 });
  });
});

describe('the order', () => {
  const logs = () => ['cnv_a', 'cnv_b', 'cnv_c'].map((id) => new FakeLog(id));
  const ids = (list: ConversationList) => list.all().map(({ id }) => id);
  const applyLast = (list: ConversationList, log: FakeLog) =>
    list.apply(log.event(log.lastSeq), USER);

  it('is that of the listing, whatever the clocks say', () => {
    const [a, b, c] = logs() as [FakeLog, FakeLog, FakeLog];
    const list = new ConversationList();
    list.addPage({ ...page(b, c), next_cursor: 'more' });
    list.addPage(page(a));
    expect(ids(list)).toEqual(['cnv_b', 'cnv_c', 'cnv_a']);
  });

  it('is changed by messages alone', () => {
    const [a, b, c] = logs() as [FakeLog, FakeLog, FakeLog];
    const first = a.say(AGENT, 'first');
    const list = listOf(c, b, a);
    b.say(USER, 'newer');
    applyLast(list, b);
    expect(ids(list)).toEqual(['cnv_b', 'cnv_c', 'cnv_a']);
    a.edit(AGENT, first.id, 'edited');
    applyLast(list, a);
    a.react(USER, first.id, '👍', true);
    applyLast(list, a);
    a.rename('renamed');
    list.put(a.conversation());
    expect(ids(list)).toEqual(['cnv_b', 'cnv_c', 'cnv_a']);
  });

  it('takes newer messages of a later listing to the front, in its order', () => {
    const [a, b, c] = logs() as [FakeLog, FakeLog, FakeLog];
    const list = listOf(c, b, a);
    a.say(AGENT, 'one');
    b.say(AGENT, 'two');
    c.rename('only renamed');
    list.addPage(page(b, a, c));
    expect(ids(list)).toEqual(['cnv_b', 'cnv_a', 'cnv_c']);
    c.say(AGENT, 'three');
    applyLast(list, c);
    expect(ids(list)).toEqual(['cnv_c', 'cnv_b', 'cnv_a']);
  });
});
