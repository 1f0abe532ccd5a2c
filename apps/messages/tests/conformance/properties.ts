import type { Operation as AnyOperation } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { createWorld, type OpenStore, type Talk, type World } from './world';

type Operation = Extract<AnyOperation, { op: 'send' | 'received' | 'read' }>;

interface Step {
  talk: number;
  who: 'user' | 'agent' | 'outsider';
  op: 'send' | 'received' | 'read';
  /** For sends: which client_id and content, from so few that retries and conflicts are frequent. */
  client: number;
  content: number;
  seq: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  talk: fc.nat(2),
  who: fc.constantFrom('user', 'user', 'agent', 'agent', 'outsider'),
  op: fc.constantFrom('send', 'send', 'received', 'read'),
  client: fc.nat(15),
  content: fc.nat(1),
  seq: fc.integer({ min: 0, max: 40 }),
});

/** The log as simply as it can be said. */
class Model {
  private readonly accepted = new Map<string, string>();
  private readonly positions = new Map<string, number>();
  readonly logs = new Map<string, string[]>();

  apply(operation: Operation, member: boolean): string {
    const { conversation_id, identity_id } = operation;
    if (!member) return 'not_found';
    const log = this.logs.get(conversation_id) ?? ['created'];
    this.logs.set(conversation_id, log);
    if (operation.op !== 'send') {
      const key = `${operation.op} ${conversation_id} ${identity_id}`;
      const seq = Math.min(operation.seq, log.length);
      const before = this.positions.get(key) ?? 0;
      this.positions.set(key, Math.max(seq, before));
      return seq > before ? `moved to ${seq}` : 'unmoved';
    }
    const key = `${identity_id} ${operation.client_id}`;
    const asked = `${conversation_id} ${operation.content}`;
    const first = this.accepted.get(key);
    if (first !== undefined) return first === asked ? 'duplicate' : 'conflict';
    this.accepted.set(key, asked);
    log.push(`${identity_id} ${operation.client_id} ${operation.content}`);
    return `sent as ${log.length}`;
  }
}

export function describeProperties(open: OpenStore): void {
  test('any interleaving of sends, retries and receipts leaves what the model says', async () => {
    const world = await createWorld(open);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 8 }), (batches) =>
        runBatches(world, batches),
      ),
      { numRuns: 60 },
    );
  });
}

async function runBatches(world: World, batches: Step[][]): Promise<void> {
  const user = await world.user();
  const talks = [await world.talk({ user }), await world.talk({ user }), await world.talk()];
  const outsider = await world.user();
  const model = new Model();

  for (const batch of batches.filter((steps) => steps.length > 0)) {
    const operations = batch.map((one) => toOperation(one, talks, outsider));
    const expected = operations.map((operation) =>
      model.apply(operation, operation.identity_id !== outsider),
    );
    const { results } = await world.store.append({ operations });
    const answers = results.map((result, index) => {
      if (!result.ok) return result.error.code;
      if ('sent' in result) {
        return result.sent.duplicate ? 'duplicate' : `sent as ${result.sent.message.seq}`;
      }
      if (!('moved' in result)) return 'changed';
      const { receipt } = result.moved;
      if (!receipt) return 'unmoved';
      const position = operations[index]?.op === 'read' ? receipt.read_seq : receipt.delivered_seq;
      return `moved to ${position}`;
    });
    expect(answers).toEqual(expected);
  }

  for (const talk of talks) {
    const { events } = await world.store.readLog({
      identity_id: talk.agent,
      epoch: null,
      conversation_id: talk.conversation,
      after_seq: 0,
      limit: 1_000,
    });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const contents = events.map((event) =>
      event.type === 'message.created'
        ? `${event.actor.id} ${event.message.client_id} ${event.message.content}`
        : 'created',
    );
    expect(contents).toEqual(model.logs.get(talk.conversation) ?? ['created']);
  }
}

function toOperation(one: Step, talks: Talk[], outsider: string): Operation {
  const talk = talks[one.talk] as Talk;
  const base = {
    identity_id: one.who === 'outsider' ? outsider : talk[one.who],
    epoch: null,
    conversation_id: talk.conversation as `cnv_${string}`,
  };
  if (one.op !== 'send') return { ...base, op: one.op, seq: one.seq };
  return { ...base, op: 'send', client_id: `c${one.client}`, content: `text ${one.content}` };
}
