import type { Event, Message } from '@agent-messenger/contracts';
import { isFinal, isTemporary, MessengerError, type MessengerErrorCode } from '../../src/errors';
import { Positions } from '../../src/log/positions';
import { actionsOf, answerIn, type AskedAction, type AskOption } from '../../src/questions/answer';
import { StreamBuffer } from '../../src/streams/stream-buffer';
import { backoffMs } from '../../src/time';
import { until } from '../until';
import { vectors } from './vectors';

interface Piece {
  offset: number;
  text: string;
}

describe('stream-buffer', () => {
  interface Case {
    name: string;
    adds: string[];
    pieces: (Piece | null)[];
    closed: Piece | null;
    length: number;
  }
  test.each(vectors<Case>('stream-buffer'))('$name', ({ adds, pieces, closed, length }) => {
    const buffer = new StreamBuffer();
    const sent = adds.map((text) => {
      buffer.add(text);
      return buffer.next();
    });
    expect(sent).toEqual(pieces);
    buffer.close();
    expect(buffer.next()).toEqual(closed);
    expect(buffer.length).toBe(length);
    expect([...pieces, closed].map((piece) => piece?.text ?? '').join('')).toBe(buffer.text);
  });
});

describe('ask-replies', () => {
  interface Case {
    name: string;
    actions: AskedAction[];
    reply: string;
    answer: string | null;
  }
  test.each(vectors<Case>('ask-replies'))('$name', ({ actions, reply, answer }) => {
    const question = { id: 'msg_1', conversation_id: 'cnv_1', seq: 3, actions } as Message;
    const message = { id: 'msg_2', sender: { kind: 'user', id: 'usr_1' }, content: reply };
    const event = { type: 'message.created', conversation_id: 'cnv_1', seq: 4, message } as Event;
    const said = answerIn(event, question);
    expect(said?.actionId ?? null).toBe(answer);
    expect(answerIn({ ...event, seq: 2 } as Event, question)).toBeUndefined();
  });
});

interface ActionsCase {
  name: string;
  options: AskOption[];
  actions: AskedAction[];
}
test.each(vectors<ActionsCase>('ask-actions'))('ask-actions: $name', ({ options, actions }) => {
  expect(actionsOf(options)).toEqual(actions);
});

interface BackoffCase {
  name: string;
  min_ms: number;
  max_ms: number;
  attempt: number;
  chance: number;
  delay_ms: number;
}
test.each(vectors<BackoffCase>('backoff'))('backoff: $name', (each) => {
  const backoff = { minMs: each.min_ms, maxMs: each.max_ms };
  expect(backoffMs(backoff, each.attempt, () => each.chance)).toBe(each.delay_ms);
});

interface ErrorCase {
  name: MessengerErrorCode;
  temporary: boolean;
  final: boolean;
}
test.each(vectors<ErrorCase>('errors'))('errors: $name', ({ name, temporary, final }) => {
  const error = new MessengerError(name, 'it failed');
  expect({ temporary: isTemporary(error), final: isFinal(error) }).toEqual({ temporary, final });
});

interface PositionsCase {
  name: string;
  log: number[];
  offers: number[];
  delivered: number[];
  received: number;
}
test.each(vectors<PositionsCase>('positions'))('positions: $name', async (each) => {
  const event = (seq: number) =>
    ({ conversation_id: 'cnv_1', seq, type: 'any' }) as unknown as Event;
  const delivered: number[] = [];
  let received = 0;
  const positions = new Positions({
    fetch: (_, afterSeq) => {
      const events = each.log.filter((seq) => seq > afterSeq).map(event);
      const last_seq = Math.max(afterSeq, ...each.log);
      return Promise.resolve({ events, has_more: false, last_seq, log_id: 'log-1' });
    },
    deliver: ({ seq }) => void delivered.push(seq),
    onTaken: (_, seq) => (received = seq),
    onError: (error) => {
      throw error;
    },
  });
  for (const seq of each.offers) positions.offer(event(seq));
  await until(() => delivered.length >= each.delivered.length, 'what is to be delivered');
  await positions.idle();
  expect(delivered).toEqual(each.delivered);
  expect(received).toBe(each.received);
});
