import type { RedisNames } from '@agent-messenger/contracts';
import { listLeases } from '../src/connections/list-leases';
import type { LeaseStack } from './lease-setup';
import { startLeaseStack } from './lease-setup';

let stack: LeaseStack;
let names: RedisNames;

beforeAll(async () => {
  stack = await startLeaseStack();
});
afterAll(() => stack.close());
beforeEach(() => {
  names = stack.fresh();
});

const list = (limit: number, cursor?: string) => listLeases(stack.redis, names, { limit, cursor });
const encode = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

/** All pages, with something that happens between any two. */
async function readAll(limit: number, meanwhile: (page: number) => Promise<unknown>) {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { leases, next_cursor } = await list(limit, cursor);
    pages.push(leases.map(({ identityId }) => identityId));
    cursor = next_cursor ?? undefined;
    await meanwhile(pages.length);
  } while (cursor !== undefined);
  return pages;
}

// Of up to 128 members Redis keeps a sorted set as a list, by score; of more as a hash table.
test.each([60, 400])('of %i leases each that is held all the time is listed', async (count) => {
  const { connect } = stack.holder(names);
  const held = Array.from({ length: count }, (_, n) => `usr_${n}`);
  await Promise.all(held.map((id) => connect(id)));
  // Renewals, which come between the pages, change the order of their expiry; others come and go.
  const pages = await readAll(10, async (page) => {
    const scores = held.flatMap((id, n) => [1e13 + ((n * page * 7_919) % count), id]);
    await stack.redis.zadd(names.presenceExpiry, ...scores);
    await connect(`usr_later-${page}`);
    await stack.redis.zrem(names.presenceExpiry, `usr_later-${page - 2}`);
  });
  expect(pages.flat()).toEqual(expect.arrayContaining(held));
  expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(10);
});

test('a cursor that nobody was given is refused', async () => {
  for (const madeUp of [['18446744073709551616', ''], ['-1', ''], ['0', 1], ['0'], 'x', null]) {
    await expect(list(10, encode(madeUp))).rejects.toMatchObject({ code: 'invalid_payload' });
  }
  await expect(list(10, encode(['18446744073709551615', '']))).resolves.toBeDefined();
});

test('without Redis there is no listing now', async () => {
  await stack.process.kill();
  await expect(list(10)).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 2_000 });
});
