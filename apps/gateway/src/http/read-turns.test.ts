import { ReadTurns } from './read-turns';

function pending(): { wait: Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const wait = new Promise<void>((resolve) => (end = resolve));
  return { wait, end };
}

test('of one identity two are read at a time, of another one beside them', async () => {
  const turns = new ReadTurns();
  const begun: string[] = [];
  const first = pending();
  const read = (name: string) => async () => {
    begun.push(name);
    await first.wait;
    return name;
  };
  const answers = [
    ...['a1', 'a2', 'a3', 'a4'].map((name) => turns.run('usr_a', read(name))),
    turns.run('usr_b', read('b1')),
  ];
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  first.end();
  expect(await Promise.all(answers)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1']);
});

test('one that fails makes room, and nothing is kept of who reads no more', async () => {
  const turns = new ReadTurns();
  const fails = async (): Promise<never> => {
    throw new Error('away');
  };
  await expect(turns.run('usr_a', fails)).rejects.toThrow('away');
  await expect(turns.run('usr_a', fails)).rejects.toThrow('away');
  await expect(turns.run('usr_a', async () => 'page')).resolves.toBe('page');
  expect(turns.size).toBe(0);
});
