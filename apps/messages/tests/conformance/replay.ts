import type { Conversation, Event, Message } from '@agent-messenger/contracts';
import fc from 'fast-check';
import { changeOf, createWorld, sendOf, type OpenStore, type Talk, type World } from './world';

const EMOJI = ['👍', '🎉', '❤️'];

type Step =
  | { do: 'send'; who: 'user' | 'agent' }
  | { do: 'edit' | 'delete' | 'react'; who: 'user' | 'agent'; target: number; variant: number }
  | { do: 'title'; who: 'user' | 'agent'; variant: number }
  | { do: 'own' | 'read'; variant: number }
  /** A device loads history afresh; one of the devices so far applies a page of events. */
  | { do: 'load' }
  | { do: 'pull'; device: number; limit: number };

const who = fc.constantFrom('user' as const, 'agent' as const);
const small = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('edit' as const, 'delete' as const, 'react' as const, 'react' as const),
      who,
      target: fc.nat(20),
      variant: small,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('title' as const), who, variant: small }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('own' as const, 'read' as const),
      variant: small,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('load' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pull' as const),
      device: fc.nat(5),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
);
const run = fc.record({
  steps: fc.array(step, { maxLength: 50 }),
  deleted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

/** What a device keeps of one conversation, and all that it does with events. */
class Device {
  position = 0;
  title: string | null = null;
  deleted = false;
  readonly messages = new Map<string, Message>();

  static of(conversation: Conversation, messages: Message[], position: number): Device {
    const device = new Device();
    device.position = position;
    device.title = conversation.title;
    for (const message of messages) device.messages.set(message.id, message);
    return device;
  }

  apply(event: Event): void {
    this.position = event.seq;
    if ('conversation' in event) this.title = event.conversation.title;
    if (event.type === 'conversation.deleted') this.deleted = true;
    if (!('message' in event) || !event.message) return;
    const known = this.messages.get(event.message.id);
    if (!known || event.message.updated_seq > known.updated_seq) {
      this.messages.set(event.message.id, event.message);
    }
  }

  history(): Message[] {
    return [...this.messages.values()].sort((a, b) => a.seq - b.seq);
  }

  unread(self: string, readSeq: number): number {
    const unread = ({ sender, seq, deleted_at }: Message) =>
      sender.id !== self && seq > readSeq && deleted_at === undefined;
    return this.history().filter(unread).length;
  }
}

export function describeReplay(open: OpenStore): void {
  test('events in order, from any position, lead to what is read afresh', async () => {
    const world = await createWorld(open);
    await fc.assert(
      fc.asyncProperty(run, async ({ steps, deleted }) => {
        const talk = await world.talk();
        const devices = [new Device(), await load(world, talk)];
        for (const [index, one] of steps.entries()) {
          await carryOut(world, talk, one, { index, devices });
        }
        if (deleted) {
          const ids = { identity_id: talk.user, conversation_id: talk.conversation };
          await world.store.deleteConversation(ids);
        }
        // One that applies again what it has already is as far as the others in the end.
        const again = devices[1] as Device;
        again.position = Math.floor(again.position / 2);
        for (const device of devices) while (await pull(world, talk, device, 7));
        if (deleted) expect(devices.every((device) => device.deleted)).toBe(true);
        else for (const device of devices) await expectFresh(world, talk, device);
      }),
      { numRuns: 80 },
    );
  });
}

async function load(world: World, talk: Talk): Promise<Device> {
  const ids = { identity_id: talk.user, conversation_id: talk.conversation };
  const conversation = await world.store.getConversation(ids);
  const { messages, last_seq } = await world.store.listMessages({ ...ids, limit: 1_000 });
  return Device.of(conversation, messages, last_seq);
}

async function pull(world: World, talk: Talk, device: Device, limit: number): Promise<boolean> {
  const page = await world.store.readLog({
    identity_id: talk.user,
    epoch: null,
    conversation_id: talk.conversation,
    after_seq: device.position,
    limit,
  });
  const seqs = page.events.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => page.after_seq + 1 + index));
  for (const event of page.events) device.apply(event);
  return page.has_more;
}

async function expectFresh(world: World, talk: Talk, device: Device): Promise<void> {
  const ids = { identity_id: talk.user, conversation_id: talk.conversation };
  const { messages, last_seq } = await world.store.listMessages({ ...ids, limit: 1_000 });
  const conversation = await world.store.getConversation(ids);
  expect(device.history()).toEqual(messages);
  expect({
    title: device.title,
    last_seq: device.position,
    last_message: device.history().at(-1) ?? null,
    unread_count: device.unread(talk.user, conversation.read_seq),
  }).toEqual({
    title: conversation.title,
    last_seq,
    last_message: conversation.last_message,
    unread_count: conversation.unread_count,
  });
}

async function carryOut(
  world: World,
  talk: Talk,
  one: Step,
  { index, devices }: { index: number; devices: Device[] },
): Promise<void> {
  const ids = { identity_id: talk.user, conversation_id: talk.conversation };
  const update = (more: object) => world.store.updateConversation({ ...ids, ...more });
  switch (one.do) {
    case 'send':
      await world.append(
        sendOf(talk, talk[one.who], { client_id: `${talk.conversation}-${index}` }),
      );
      return;
    case 'edit':
    case 'delete':
    case 'react':
      return change(world, talk, one);
    case 'title':
      await update({ identity_id: talk[one.who], title: `title ${one.variant}` });
      return;
    case 'own':
      await update({ muted: one.variant > 2, tags: [`tag ${one.variant}`] });
      return;
    case 'read':
      await world.move('read', talk, talk.user, one.variant * 3);
      return;
    case 'load':
      devices.push(await load(world, talk));
      return;
    case 'pull': {
      const device = devices[one.device % devices.length];
      if (device) await pull(world, talk, device, one.limit);
      return;
    }
  }
}

/** Refusals (not the author, deleted already) are as good as any answer: the log must not move. */
async function change(
  world: World,
  talk: Talk,
  one: Extract<Step, { target: number }>,
): Promise<void> {
  const { messages } = await world.store.listMessages({
    identity_id: talk.user,
    conversation_id: talk.conversation,
    limit: 1_000,
  });
  const message = messages[one.target % Math.max(messages.length, 1)];
  if (!message) return;
  const what = {
    edit: { op: 'edit', content: `text ${one.variant}` } as const,
    delete: { op: 'delete' } as const,
    react: {
      op: 'react',
      emoji: EMOJI[one.variant % 3] as string,
      set: one.variant < 4,
    } as const,
  }[one.do];
  await world.append(changeOf(talk, talk[one.who], message.id, what));
}
