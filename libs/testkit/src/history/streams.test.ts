import type { Entry } from './history';
import { checkStreams } from './streams';

const shown = (text: string, stream_id = 'answer'): Entry => ({
  ...{ type: 'stream', conversation: 'c', session: 'phone/1', stream_id, text, at: 1 },
});
const log: Entry = {
  ...{ type: 'log', conversation: 'c', at: 9 },
  events: [{ seq: 2, client_id: 'answer', content: 'all of it' }],
};

test('a beginning, and the whole', () => {
  expect(checkStreams([shown(''), shown('all'), shown('all of it'), log])).toEqual([]);
});

test.each([
  ['a gap', shown('all it'), 'phone/1 was shown 6 units of answer that are not its beginning'],
  ['more', shown('all of it twice'), 'phone/1 was shown 15 units of answer that are not its'],
  ['no message', shown('all', 'other'), 'phone/1 was shown other, which became no message'],
])('%s', (_name, entry, message) => {
  const [violation] = checkStreams([entry, log]);
  expect(violation?.message).toContain(message);
});
