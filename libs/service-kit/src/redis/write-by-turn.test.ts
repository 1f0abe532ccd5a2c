import { once } from 'node:events';
import { Writable } from 'node:stream';
import { writeByTurn } from './write-by-turn';

test('what one turn writes leaves together, in its order; an end waits for no turn', async () => {
  const writes: string[][] = [];
  const take = (chunks: { chunk: string }[], done: () => void) => {
    writes.push(chunks.map(({ chunk }) => chunk));
    done();
  };
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _, done) => take([{ chunk }], done),
    writev: (chunks, done) => take(chunks as { chunk: string }[], done),
  });
  writeByTurn(stream);
  for (const each of ['a', 'b', 'c']) stream.write(each);
  expect(writes).toEqual([]);
  await new Promise(setImmediate);
  expect(writes).toEqual([['a', 'b', 'c']]);
  stream.write('d');
  stream.end('e');
  await once(stream, 'finish');
  expect(writes).toEqual([
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
});
