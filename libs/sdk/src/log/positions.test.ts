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
  let reading = 0;
  const positions = new Positions({
    fetch: async (_, afterSeq) => {
      reading++;
      const rest = log.filter((seq) => seq > afterSeq);
      const page = {
        events: rest.slice(0, pageSize).map(event),
        has_more: rest.length > pageSize,
        last_seq: log.length,
        log_id: 'log',
      };
      // On its way; what is committed meanwhile is not in it.
      await turn();
      reading--;
      return page;
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
  /** Resolves when nothing is under way. */
  async function settled(): Promise<void> {
    do await turn();
    while (reading > 0);
  }
  return { positions, delivered, taken, settled };
}

/** All promises that can settle have settled after a turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Step {
  /** `say` commits an event that arrives at once, `commit` some that do not, `offer` is one from before. */
  op: 'say' | 'commit' | 'offer' | 'follow' | 'look';
  which: number;
  /** Before the next step. */
  pause: 'none' | 'turn' | 'settled';
}
const steps = fc.array(
  fc.record<Step>({
    op: fc.constantFrom('say', 'commit', 'offer', 'offer', 'offer', 'follow', 'look'),
    which: fc.nat({ max: 150 }),
    pause: fc.constantFrom('none', 'turn', 'settled'),
  }),
  { size: 'medium', maxLength: 300 },
);

describe('Positions', () => {
  it('delivers each event it has heard of once and in order, whatever is reordered, repeated or lost', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 20 }), async (taking, pageSize) => {
        const log: number[] = [];
        const { positions, delivered, taken, settled } = setup(log, pageSize);
        positions.follow('cnv_1', 0, 0);
        let heard = 0;
        const commit = (count: number) => {
          for (let n = 0; n < count; n++) log.push(log.length + 1);
        };
        const offer = (seq: number) => {
          heard = Math.max(heard, seq);
          positions.offer(event(seq));
        };
        const check = async () => {
          await settled();
          // More than it has heard of when a page had it.
          expect(delivered.length).toBeGreaterThanOrEqual(heard);
          expect(delivered).toEqual(log.slice(0, delivered.length));
          expect(positions.all().get('cnv_1')).toBe(delivered.length);
          expect(taken.at(-1) ?? 0).toBe(delivered.length);
        };
        for (const { op, which, pause } of taking) {
          if (op === 'commit') commit(which % 4);
          else if (op === 'say') {
            commit(1);
            offer(log.length);
          } else if (op === 'offer') {
            if (log.length > 0) offer(1 + (which % log.length));
          } else {
            heard = log.length;
            if (op === 'look') positions.look('cnv_1');
            else positions.follow('cnv_1', 0, heard);
          }
          if (pause === 'turn') await turn();
          if (pause === 'settled') await check();
        }
        await check();
      }),
    );
  });

  it('begins with the first event when the device has no position', async () => {
    const { positions, delivered, settled } = setup([1, 2, 3, 4, 5, 6], 10);
    positions.offer(event(4));
    positions.follow('cnv_1', 1, 6);
    await settled();
    expect(delivered).toEqual([4, 5, 6]);
  });

  it('tells again that an event was taken when the server repeats it', async () => {
    const { positions, taken, settled } = setup([1, 2], 10);
    positions.offer(event(1));
    await settled();
    positions.offer(event(1));
    expect(taken).toEqual([1, 1]);
  });

  it('asks once for what the log does not give', async () => {
    const { positions, delivered, settled } = setup([1, 2], 10);
    positions.follow('cnv_1', 0, 0);
    positions.follow('cnv_1', 0, 9);
    await settled();
    expect(delivered).toEqual([1, 2]);
  });

  it('takes what a page begins with when there is nothing before it', async () => {
    const { positions, delivered, settled } = setup([1, 5, 6], 10);
    positions.restore(new Map([['cnv_1', 1]]));
    positions.offer(event(6));
    await settled();
    expect(delivered).toEqual([5, 6]);
  });

  it('reads on from a restored position only when there is something to read', async () => {
    const { positions, delivered, settled } = setup([1, 2, 3], 1);
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
