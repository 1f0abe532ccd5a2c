import type { Event } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { Positions } from './positions';

function event(seq: number): Event {
  return {
    conversation_id: 'cnv_1',
    seq,
    actor: { kind: 'user', id: 'usr_1' },
    at: '2026-01-01T00:00:00.000Z',
    type: 'member.added',
    member: { id: 'usr_2', kind: 'user', name: 'x' },
  };
}

function setup(log: number[], pageSize: number) {
  const delivered: number[] = [];
  const taken: number[] = [];
  const positions = new Positions({
    fetch: async (_, afterSeq) => {
      await Promise.resolve();
      const rest = log.filter((seq) => seq > afterSeq);
      return {
        events: rest.slice(0, pageSize).map(event),
        has_more: rest.length > pageSize,
        last_seq: log.length,
        log_id: 'log',
      };
    },
    deliver: async ({ seq }) => {
      await Promise.resolve();
      delivered.push(seq);
    },
    onTaken: (_, seq) => taken.push(seq),
    onError: (error) => {
      throw error;
    },
  });
  return { positions, delivered, taken };
}

/** All promises that can settle have settled after a turn of the event loop. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Positions', () => {
  it('delivers each event once and in order, whatever is reordered, repeated or lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 150 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), fc.boolean()), { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        async (length, arrivals, pageSize) => {
          const log = Array.from({ length }, (_, index) => index + 1);
          const { positions, delivered, taken } = setup(log, pageSize);
          positions.follow('cnv_1', 0, 0);
          for (const [seq, pause] of arrivals) {
            if (seq <= length) positions.offer(event(seq));
            if (pause) await settled();
          }
          positions.follow('cnv_1', 0, length);
          await settled();
          await settled();
          expect(delivered).toEqual(log);
          expect(positions.all().get('cnv_1')).toBe(length);
          expect(taken.at(-1)).toBe(length);
        },
      ),
    );
  });

  it('begins with the first event when the device has no position', async () => {
    const { positions, delivered } = setup([1, 2, 3, 4, 5, 6], 10);
    positions.offer(event(4));
    positions.follow('cnv_1', 1, 6);
    await settled();
    expect(delivered).toEqual([4, 5, 6]);
  });

  it('tells again that an event was taken when the server repeats it', async () => {
    const { positions, taken } = setup([1, 2], 10);
    positions.offer(event(1));
    await settled();
    positions.offer(event(1));
    expect(taken).toEqual([1, 1]);
  });

  it('asks once for what the log does not give', async () => {
    const { positions, delivered } = setup([1, 2], 10);
    positions.follow('cnv_1', 0, 0);
    positions.follow('cnv_1', 0, 9);
    await settled();
    expect(delivered).toEqual([1, 2]);
  });

  it('takes what a page begins with when there is nothing before it', async () => {
    const { positions, delivered } = setup([1, 5, 6], 10);
    positions.restore(new Map([['cnv_1', 1]]));
    positions.offer(event(6));
    await settled();
    expect(delivered).toEqual([5, 6]);
  });

  it('reads on from a restored position only when there is something to read', async () => {
    const { positions, delivered } = setup([1, 2, 3], 1);
    positions.restore(new Map([['cnv_1', 1]]));
    positions.look('cnv_2');
    await settled();
    expect(delivered).toEqual([]);
    positions.look('cnv_1');
    await settled();
    expect(delivered).toEqual([2, 3]);
    positions.forget('cnv_1');
    expect(positions.all()).toEqual(new Map());
  });
});
