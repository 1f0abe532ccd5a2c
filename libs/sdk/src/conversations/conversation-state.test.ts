import { truncatedEvent, withoutReactedMessage, type Event } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { FakeLog, AGENT, USER } from '../../tests/fake-log';
import { arbitrarySteps, take } from '../../tests/random-log';
import {
  addHistory,
  applyEvent,
  conversationState,
  emptyConversation,
  messagesOf,
  type ConversationState,
} from './conversation-state';

const ID = 'cnv_1';
const PAGE = 1;

function fresh(log: FakeLog, limit = 1_000): ConversationState {
  return conversationState(log.conversation(), log.history(limit));
}

/** What is shown, without how it was come by. */
function shown(state: ConversationState) {
  const { id, title, created_at, members, last_seq, from_seq, deleted } = state;
  return { id, title, created_at, members, last_seq, from_seq, deleted, list: messagesOf(state) };
}

describe.each<[string, (event: Event) => Event]>([
  ['whole', (event) => event],
  ['compact', withoutReactedMessage],
])('applyEvent, events %s', (_name, sent) => {
  const follow = (state: ConversationState, events: Event[]) =>
    events.map(sent).reduce(applyEvent, state);

  it('leads from any position to what history and conversation give afresh', () => {
    fc.assert(
      fc.property(
        arbitrarySteps,
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        fc.boolean(),
        (steps, at, overlap, isClosed) => {
          const log = new FakeLog(ID);
          for (const step of steps.slice(0, at)) take(log, step);
          const early = fresh(log);
          for (const step of steps.slice(at)) take(log, step);
          if (isClosed) log.close();
          const from = Math.max(0, early.last_seq - overlap);
          const rest = log.events.filter(({ seq }) => seq > from);
          const expected = isClosed ? follow(emptyConversation(ID), log.events) : fresh(log);
          expect(shown(follow(early, rest))).toEqual(shown(expected));
          // The same with everything twice, and from the very beginning.
          const twice = rest.flatMap((event) => [event, event]);
          expect(shown(follow(early, [...twice, ...rest]))).toEqual(shown(expected));
          expect(shown(follow(emptyConversation(ID), log.events))).toEqual(shown(expected));
        },
      ),
    );
  });

  it('does so when each event comes as it was at its time', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.nat({ max: 40 }), (steps, repeated) => {
        const log = new FakeLog(ID);
        const live = log.events;
        for (const step of steps) {
          const before = log.lastSeq;
          take(log, step);
          if (log.lastSeq > before) live.push(log.event(log.lastSeq));
        }
        const state = follow(emptyConversation(ID), live);
        expect(shown(state)).toEqual(shown(fresh(log)));
        // The old copies once more, after the newer ones.
        expect(shown(follow(state, live.slice(0, repeated)))).toEqual(shown(state));
      }),
    );
  });

  it('does so whatever happens while conversation and pages of history are read', () => {
    fc.assert(
      fc.property(
        arbitrarySteps,
        fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        (steps, times, pageFirst) => {
          const [first, second, third] = times.sort((a, b) => a - b) as [number, number, number];
          const log = new FakeLog(ID);
          for (const step of steps.slice(0, first)) take(log, step);
          const before = { conversation: log.conversation(), page: log.history(PAGE) };
          for (const step of steps.slice(first, second)) take(log, step);
          const conversation = pageFirst ? log.conversation() : before.conversation;
          const page = pageFirst ? before.page : log.history(PAGE);
          let state = conversationState(conversation, page);
          const older = log.history(PAGE, state.from_seq);
          for (const step of steps.slice(second, third)) take(log, step);
          // The older page arrives after events that are newer than it.
          state = follow(state, log.page(state.last_seq, 1_000).events);
          if (page.has_more) state = addHistory(state, older);
          for (const step of steps.slice(third)) take(log, step);
          state = follow(state, log.page(state.last_seq, 1_000).events);
          const all = messagesOf(fresh(log)).filter(({ seq }) => seq >= state.from_seq);
          expect(messagesOf(state)).toEqual(all);
          expect({ ...shown(state), list: [], from_seq: 1 }).toEqual({
            ...shown(fresh(log)),
            list: [],
          });
        },
      ),
    );
  });

  it('does not change its input', () => {
    const log = new FakeLog(ID);
    const { id } = log.say(USER, 'text');
    const state = fresh(log);
    const before = structuredClone(shown(state));
    log.edit(USER, id, 'other text');
    log.join('agt_2');
    expect(shown(follow(state, log.events))).not.toEqual(before);
    expect(shown(state)).toEqual(before);
  });

  it('keeps a tombstone of a deleted message, nothing of a deleted conversation', () => {
    const log = new FakeLog(ID);
    const { id } = log.say(AGENT, 'regretted');
    log.remove(AGENT, id);
    const state = follow(emptyConversation(ID), log.events);
    expect(messagesOf(state)).toMatchObject([{ id, content: null, updated_seq: 3 }]);
    log.rename('secret');
    log.close();
    expect(follow(state, log.events)).toMatchObject({
      deleted: true,
      title: null,
      last_seq: 5,
      messages: new Map(),
    });
  });

  it('leaves a conversation alone whose event it is not', () => {
    const state = emptyConversation(ID);
    expect(follow(state, new FakeLog('cnv_2').events)).toBe(state);
  });
});

describe('previews', () => {
  const log = new FakeLog(ID);
  const text = 'x'.repeat(2_000);
  const { id } = log.say(AGENT, text);
  const created = log.event(2);
  const preview = truncatedEvent(created);

  it('take no whole message’s place, whichever is newer', () => {
    const whole = applyEvent(emptyConversation(ID), created);
    expect(messagesOf(applyEvent(whole, preview))).toMatchObject([{ id, content: text }]);
    log.edit(AGENT, id, `${text}!`);
    const edited = log.event(3);
    const behind = applyEvent(whole, truncatedEvent(edited));
    expect(messagesOf(behind)).toMatchObject([{ id, content: text, updated_seq: 2 }]);
    expect(messagesOf(applyEvent(behind, edited))).toMatchObject([
      { content: `${text}!`, updated_seq: 3 },
    ]);
  });

  it('give way to the whole message, also to one that is not newer', () => {
    const state = applyEvent(emptyConversation(ID), preview);
    expect(messagesOf(state)).toMatchObject([{ id, truncated: true }]);
    const [message] = messagesOf(applyEvent(state, created));
    expect(message).toMatchObject({ id, content: text });
    expect(message).not.toHaveProperty('truncated');
  });
});
