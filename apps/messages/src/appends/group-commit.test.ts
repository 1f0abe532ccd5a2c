import type { Operation, OperationResult } from '@agent-messenger/contracts';
import { AppError, createLogger } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';
import { createGroupCommit } from './group-commit';

const log = createLogger({ name: 'test', level: 'silent' });

function operation(name: string): Operation {
  const ids = { identity_id: name, conversation_id: 'cnv_1' as const };
  return { op: 'received', epoch: null, seq: 1, ...ids };
}
const answer = (name: string): OperationResult => ({ ok: true, moved: { tell: [name] } });
const names = (operations: Operation[]) => operations.map((one) => one.identity_id);

/** A store that notes its transactions; one with an operation named `poison` fails as a whole. */
function createFixture(limits = {}) {
  const transactions: string[][] = [];
  /** What the next transactions fail with. */
  const faults: AppError[] = [];
  let commits = 0;
  const store = {
    async append({ operations }: { operations: Operation[] }) {
      transactions.push(names(operations));
      const fault = faults.shift();
      if (fault) throw fault;
      if (names(operations).includes('poison')) throw new Error('constraint failed');
      return { results: names(operations).map(answer) };
    },
  };
  const metrics = new Registry();
  const onCommit = () => (commits += 1);
  const groupCommit = createGroupCommit({ store, log, metrics, onCommit, limits });
  const append = (...of: string[]) => groupCommit.append(of.map(operation));
  return { append, groupCommit, transactions, faults, commits: () => commits };
}

test('calls of one turn share a transaction, in order, and each gets its own answers', async () => {
  const { append, transactions, commits } = createFixture();
  const answers = await Promise.all([append('a', 'b'), append('c'), append('d', 'e')]);
  expect(transactions).toEqual([['a', 'b', 'c', 'd', 'e']]);
  expect(answers).toEqual([['a', 'b'], ['c'], ['d', 'e']].map((of) => of.map(answer)));
  expect(commits()).toBe(1);
});

test('a transaction is bounded; the rest follows in the next', async () => {
  const { append, transactions } = createFixture({ batch: 3 });
  await Promise.all([append('a', 'b'), append('c', 'd'), append('e'), append('f', 'g', 'h', 'i')]);
  expect(transactions).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
    ['f', 'g', 'h', 'i'],
  ]);
});

test('a poisonous operation fails alone', async () => {
  const { append, transactions } = createFixture();
  const [good, mixed] = await Promise.all([append('a'), append('b', 'poison', 'c')]);
  expect(good).toEqual([answer('a')]);
  expect(mixed).toEqual([
    answer('b'),
    { ok: false, error: expect.objectContaining({ code: 'internal' }) },
    answer('c'),
  ]);
  expect(transactions).toEqual([['a', 'b', 'poison', 'c'], ['a'], ['b'], ['poison'], ['c']]);
  expect(await append('d')).toEqual([answer('d')]);
});

test('a fault of the whole store fails the calls that share the transaction, tried once', async () => {
  const fixture = createFixture();
  const away = new AppError('unavailable', 'disk full', { retryAfterMs: 2_000 });
  fixture.faults.push(away);
  const [first, second] = await Promise.allSettled([fixture.append('a', 'b'), fixture.append('c')]);
  expect(first).toEqual({ status: 'rejected', reason: away });
  expect(second).toEqual({ status: 'rejected', reason: away });
  expect(fixture.transactions).toEqual([['a', 'b', 'c']]);
  expect(fixture.commits()).toBe(0);
  expect(await fixture.append('d')).toEqual([answer('d')]);
});

test('a store that cannot commit while each goes singly answers the rest, and is not asked for each', async () => {
  const fixture = createFixture();
  const away = new AppError('unavailable', 'disk full', { retryAfterMs: 2_000 });
  const locked = new AppError('unavailable', 'locked', { retryAfterMs: 1 });
  const many = Array.from({ length: 500 }, (_, n) => `m${n}`);
  const failing = (fault: AppError, times: number) => {
    const poisoned = new AppError('internal', 'constraint failed');
    // All of them, then the poisonous one alone; the fault begins with the next.
    fixture.faults.push(poisoned, poisoned, ...Array.from({ length: times }, () => fault));
  };
  failing(away, 1);
  const results = await fixture.append('poison', ...many);
  expect(fixture.transactions).toHaveLength(3);
  expect(results).toEqual([
    { ok: false, error: expect.objectContaining({ code: 'internal' }) },
    ...many.map(() => ({
      ok: false,
      error: expect.objectContaining({ code: 'unavailable', retry_after_ms: 2_000 }),
    })),
  ]);

  // One that is locked for a moment only is waited for here as well.
  fixture.transactions.length = 0;
  failing(locked, 2);
  expect(await fixture.append('poison', 'a')).toEqual([
    { ok: false, error: expect.objectContaining({ code: 'internal' }) },
    answer('a'),
  ]);
  expect(fixture.transactions).toHaveLength(5);
  failing(locked, 10);
  const stillLocked = await fixture.append('poison', 'a', 'b');
  expect(stillLocked.slice(1)).toEqual(
    ['a', 'b'].map(() => ({ ok: false, error: expect.objectContaining({ code: 'unavailable' }) })),
  );
  expect(await fixture.append('c')).toEqual([answer('c')]);
});

test('a store that is locked for a moment gets the whole batch again', async () => {
  const fixture = createFixture();
  const locked = new AppError('unavailable', 'locked', { retryAfterMs: 1 });
  fixture.faults.push(locked, locked);
  expect(await Promise.all([fixture.append('a'), fixture.append('b')])).toEqual([
    [answer('a')],
    [answer('b')],
  ]);
  expect(fixture.transactions).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  fixture.faults.push(...Array.from({ length: 10 }, () => locked));
  await expect(fixture.append('c')).rejects.toBe(locked);
});

test('what does not fit into the queue is refused, and later there is room again', async () => {
  const { append } = createFixture({ waiting: 3 });
  const accepted = append('a', 'b');
  const refused = await append('c', 'd').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) });
  await accepted;
  expect(await append('c', 'd')).toHaveLength(2);
});

test('a throw of who is told of a commit is no answer, and is said', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const groupCommit = createGroupCommit({
    store: { append: async ({ operations }) => ({ results: names(operations).map(answer) }) },
    log: createLogger({ name: 'test', level: 'error', destination }),
    metrics: new Registry(),
    onCommit() {
      throw new Error('told wrongly');
    },
  });
  expect(await groupCommit.append([operation('a')])).toEqual([answer('a')]);
  expect(await groupCommit.append([operation('b')])).toEqual([answer('b')]);
  await groupCommit.drain();
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'what follows a commit failed',
    'what follows a commit failed',
  ]);
});

test('drain waits for what was accepted', async () => {
  const { append, groupCommit, transactions } = createFixture({ batch: 1 });
  const accepted = [append('a'), append('b')];
  await groupCommit.drain();
  expect(transactions).toEqual([['a'], ['b']]);
  await Promise.all(accepted);
  await groupCommit.drain();
});
