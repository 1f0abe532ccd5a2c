import { z } from 'zod';
import { wordsOf } from './issue-words';

const first = (schema: z.ZodType, value: unknown): string => {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) throw new Error('it is valid');
  return wordsOf(issue);
};

test.each([
  [z.string().min(1), '', 'must not be empty'],
  [z.string().min(8), 'x', 'must have at least 8 characters'],
  [z.string().max(3), 'long', 'must have at most 3 characters'],
  [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entries'],
  [z.int().min(1), 0, 'must be at least 1'],
  [z.int().max(9), 10, 'must be at most 9'],
  [z.string(), undefined, 'is required'],
  [z.string(), 7, 'must be text'],
  [z.int(), 1.5, 'must be a whole number'],
  [z.boolean(), 'yes', 'must be true or false'],
  [z.array(z.string()), {}, 'must be a list'],
  [z.object({}), [], 'must be an object'],
  [z.enum(['a', 'b']), 'c', 'must be one of a, b'],
  [z.literal(1), 2, 'must be 1'],
  [z.string().regex(/^x$/), 'y', 'has the wrong form'],
  [z.string().regex(/^x$/, 'must be an x'), 'y', 'must be an x'],
  [z.strictObject({}), { more: 1 }, 'does not take more'],
  [z.union([z.string(), z.int()]), {}, 'has none of the forms that it may have'],
  [z.string().refine(() => false, 'is not ours'), '', 'is not ours'],
])('%#: %j is answered in words', (schema, value, words) => {
  expect(first(schema, value)).toBe(words);
});
