import fc from 'fast-check';
import { takeBatch } from './take-batch';

const ids = ['usr_a', 'usr_b', 'usr_c'] as const;
const sizes = fc.oneof(fc.constant(0), fc.nat(1_000), fc.nat(400 * 1024), fc.nat(3 * 1024 * 1024));
const queues = fc
  .array(fc.record({ identity_id: fc.constantFrom(...ids), bytes: sizes }), { maxLength: 60 })
  .map((asked) =>
    asked.map(({ identity_id, bytes }, n) => ({ n, bytes, operation: { identity_id } })),
  );
type Asked = { bytes: number; operation: { identity_id: string } };

const of = <T extends Asked>(asked: T[], id: string) =>
  asked.filter(({ operation }) => operation.identity_id === id);
const sum = (asked: Asked[]) => asked.reduce((total, { bytes }) => total + bytes, 0);
/** At most that, or one that is larger beside what has no text. */
const isWithin = (asked: Asked[], most: number) =>
  sum(asked) <= most || asked.filter(({ bytes }) => bytes > 0).length === 1;

test('each identity is served in its order, a share at a time, and nothing is left out', () => {
  fc.assert(
    fc.property(queues, (asked) => {
      const taken: typeof asked = [];
      let waiting = asked;
      while (waiting.length > 0) {
        const { batch, bytes, left } = takeBatch(waiting);
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length + left.length).toBe(waiting.length);
        expect(bytes).toBe(sum(batch));
        expect(isWithin(batch, 2 * 1024 * 1024)).toBe(true);
        for (const id of ids) expect(isWithin(of(batch, id), 256 * 1024)).toBe(true);
        taken.push(...batch);
        waiting = left;
      }
      for (const id of ids) expect(of(taken, id)).toEqual(of(asked, id));
    }),
  );
});
