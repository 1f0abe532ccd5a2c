import type { StreamPiece } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { MessengerError } from '../errors';
import { StreamReader, type StreamView } from './stream-reader';

const stream = { conversation_id: 'cnv_1', stream_id: 's-1', agent_id: 'agt_1' };
const piece = (kind: StreamPiece['kind'], offset: number, text = '', more = {}): StreamPiece => ({
  ...stream,
  kind,
  offset,
  text,
  ...more,
});
const message = { sender: { kind: 'agent', id: 'agt_1' }, client_id: 's-1' } as const;

interface World {
  reader: StreamReader;
  views: StreamView[];
  errors: unknown[];
  /** What waits for the whole text. */
  asked: { resolve: (text: string) => void; reject: (error: unknown) => void }[];
}
const open: StreamReader[] = [];
afterEach(() => open.splice(0).forEach((reader) => reader.close()));

function world(silenceMs = 40_000): World {
  const views: StreamView[] = [];
  const errors: unknown[] = [];
  const asked: World['asked'] = [];
  const reader = new StreamReader({
    fetch: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    onChange: (view) => views.push(view),
    onError: (error) => errors.push(error),
    silenceMs,
  });
  open.push(reader);
  return { reader, views, errors, asked };
}
/** What was answered has been taken. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const gone = () => new MessengerError('not_found', 'no such stream');

it('tells of each change, and of the end once the message is there', () => {
  const { reader, views } = world();
  reader.take(piece('start', 0, '', { reply_to: 'msg_1' }));
  reader.take(piece('append', 0, 'Hel'));
  reader.take(piece('append', 0, 'Hel'));
  reader.take(piece('append', 3, 'lo'));
  reader.take(piece('end', 5, '', { message_id: 'msg_2' }));
  expect(reader.streams('cnv_1')).toMatchObject([{ text: 'Hello', status: 'ended' }]);
  expect(reader.streams('cnv_2')).toEqual([]);
  reader.committed(message);
  expect(views.map(({ text, status }) => `${text} ${status}`)).toEqual([
    ' writing',
    'Hel writing',
    'Hello writing',
    'Hello ended',
    'Hello over',
  ]);
  expect(views[0]).toMatchObject({ ...stream, reply_to: 'msg_1' });
  expect(reader.streams()).toEqual([]);
});

it('drops pieces of a stream whose message is there', () => {
  const { reader, views, asked } = world();
  reader.take(piece('start', 0, 'Hel'));
  reader.committed(message);
  reader.take(piece('append', 3, 'lo'));
  reader.take(piece('start', 0, 'Hello'));
  reader.take(piece('end', 5, '', { message_id: 'msg_2' }));
  expect(reader.streams()).toEqual([]);
  expect(asked).toEqual([]);
  expect(views).toHaveLength(2);
});

it('asks once for what is missing, and adds what came meanwhile', async () => {
  const { reader, asked } = world();
  reader.take(piece('append', 3, 'lo'));
  reader.take(piece('append', 5, ' wor'));
  reader.take(piece('append', 9, 'ld'));
  expect(asked).toHaveLength(1);
  asked[0]?.resolve('Hello wo');
  await settled();
  expect(reader.streams()).toMatchObject([{ text: 'Hello world' }]);
});

it('a start in between makes the answer worthless', async () => {
  const { reader, asked } = world();
  reader.take(piece('append', 3, 'lo'));
  reader.take(piece('start', 0, 'New'));
  asked[0]?.resolve('Hello');
  await settled();
  reader.take(piece('append', 3, '!'));
  expect(reader.streams()).toMatchObject([{ text: 'New!' }]);
});

it('a stream of which nothing is heard is asked for, until it is gone', async () => {
  const { reader, asked, views } = world(4);
  reader.take(piece('start', 0, 'Hel'));
  while (asked.length === 0) await settled();
  asked[0]?.resolve('Hello');
  while (asked.length === 1) await settled();
  expect(reader.streams()).toMatchObject([{ text: 'Hello' }]);
  asked[1]?.reject(gone());
  await settled();
  expect(reader.streams()).toEqual([]);
  expect(views.at(-1)).toMatchObject({ text: 'Hello', status: 'over' });
});

it('an end without a message takes the stream away; another failure is told', async () => {
  const { reader, asked, errors, views } = world();
  reader.take(piece('append', 3, 'lo'));
  asked[0]?.reject(new MessengerError('forbidden', 'no'));
  await settled();
  expect(errors).toMatchObject([{ code: 'forbidden' }]);
  reader.take(piece('end', 5));
  expect(views.at(-1)).toMatchObject({ status: 'over' });
  expect(reader.streams()).toEqual([]);
});

/** What an agent does, and what becomes of the piece that tells of it. */
type Step =
  | { what: 'append'; text: string; fate: 'arrives' | 'lost' | 'twice' }
  | { what: 'restart' | 'snapshot' | 'answer' };

it('property: what is shown is a prefix of what the agent wrote, and all of it once nothing is lost', async () => {
  const steps = fc.array(
    fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({
        what: fc.constant('append' as const),
        text: fc.stringMatching(/^[a-z😀]{1,4}$/u),
        fate: fc.constantFrom('arrives' as const, 'lost' as const, 'twice' as const),
      }),
      fc.record({ what: fc.constantFrom('restart' as const, 'snapshot' as const) }),
      fc.record({ what: fc.constant('answer' as const) }),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const { reader, asked, errors } = world();
      let written = '';
      reader.take(piece('start', 0));
      const append = (text: string, fate: string) => {
        const sent = piece('append', written.length, text);
        written += text;
        if (fate !== 'lost') reader.take(sent);
        if (fate === 'twice') reader.take(sent);
      };
      const answer = async () => {
        for (const { resolve } of asked.splice(0)) resolve(written);
        await settled();
      };
      for (const step of taken) {
        if (step.what === 'append') append(step.text, step.fate);
        else if (step.what === 'answer') await answer();
        else {
          if (step.what === 'restart') written = '';
          reader.take(piece('start', 0, written));
        }
        expect(written.startsWith(reader.streams()[0]?.text ?? '?')).toBe(true);
      }
      append('end', 'arrives');
      while (asked.length > 0) await answer();
      expect(reader.streams()).toMatchObject([{ text: written }]);
      expect(errors).toEqual([]);
    }),
  );
});
