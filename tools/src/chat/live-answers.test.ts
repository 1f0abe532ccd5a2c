import type { Message, StreamView } from '@agent-messenger/sdk';
import { LiveAnswers } from './live-answers';

function open(columns = 20) {
  const printed: string[] = [];
  let row = '';
  const screen = {
    columns,
    print: (text: string) => void printed.push(text),
    showOpenRow: (text: string) => void (row = text),
  };
  const answers = new LiveAnswers(screen, 'Ada');
  const write = (text: string, more: Partial<StreamView> = {}) =>
    answers.take({
      conversation_id: 'cnv_1',
      agent_id: 'agt_1',
      stream_id: 's-1',
      text,
      status: 'writing',
      ...more,
    });
  const complete = (content: string | null, client_id = 's-1') =>
    answers.complete({ client_id, content } as Message);
  return { answers, printed, write, complete, row: () => row };
}
/** What was to happen right after has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('prints complete rows, and shows the one that is being written', () => {
  const { printed, write, complete, row } = open();
  write('');
  expect(row()).toBe('Ada: ');
  write('The report');
  expect([printed, row()]).toEqual([[], 'Ada: The report']);
  write('The report is ready.\nSee');
  expect([printed, row()]).toEqual([['Ada: The report is ', 'ready.'], 'See']);
  expect(complete('The report is ready.\nSee it.')).toBe(true);
  expect([printed, row()]).toEqual([['Ada: The report is ', 'ready.', 'See it.'], '']);
});

it('leaves to its message what it has printed nothing of, or what has become something else', async () => {
  const { printed, write, complete, row } = open();
  write('Short');
  expect([complete('Short'), row()]).toEqual([false, '']);
  expect(complete('Short')).toBe(false);
  write('A first draft of it', { stream_id: 's-2' });
  expect(complete('Other text', 's-2')).toBe(false);
  await settled();
  expect(printed).toEqual(['Ada: A first draft ']);
});

it('begins anew when what was printed is no longer part of it', () => {
  const { printed, write, row } = open();
  write('A first draft of it');
  write('A first draft of it, longer');
  write('A second');
  expect(printed).toEqual(['Ada: A first draft ', '* Ada begins anew']);
  expect(row()).toBe('Ada: A second');
});

it('says when an answer is gone, and not when its message follows', async () => {
  const { printed, write, complete, row } = open();
  write('A first draft of it');
  write('A first draft of it', { status: 'over' });
  complete('A first draft of it');
  await settled();
  expect([printed, row()]).toEqual([['Ada: A first draft ', 'of it'], '']);
  write('A second draft of it', { stream_id: 's-2' });
  write('A second draft of it', { stream_id: 's-2', status: 'over' });
  await settled();
  expect(printed.at(-1)).toBe('* what Ada was writing is gone');
  expect(row()).toBe('');
});

it('shows one at a time', async () => {
  const { printed, write, complete, row } = open();
  write('one');
  write('two, which is longer', { stream_id: 's-2' });
  expect([printed, row()]).toEqual([[], 'Ada: one']);
  expect(complete('one')).toBe(false);
  await settled();
  expect([printed, row()]).toEqual([['Ada: two, which is '], 'longer']);
});

it('shows no control characters, nor do they count', () => {
  const { printed, write, complete } = open();
  write('\u001b[31mred and \u001b[0mplain');
  expect(complete('\u001b[31mred and \u001b[0mplain')).toBe(true);
  expect(printed.join('')).toBe('Ada: \ufffd[31mred and \ufffd[0mplain');
});
