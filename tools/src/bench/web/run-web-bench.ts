import { availableParallelism, loadavg } from 'node:os';
import type { BenchContext } from '../system';
import { measureFirstLoad } from './first-load';
import { measureBacklog, measureManyConversations } from './many-conversations';
import { measureMemory } from './memory';
import type { WebBenchOptions } from './options';
import { measureOwnBubble } from './own-bubble';
import type { Figure, WebReport } from './report';
import { measureHistory } from './scroll-frames';
import { measureStream } from './stream-frames';
import { WebWorld } from './web-world';

/** Of the event that a conversation begins with. */
const FIRST_SEQ = 1;

/** Starts a stack and a browser, measures the chat in it, stops them. */
export async function runWebBench(
  options: WebBenchOptions,
  context: BenchContext,
): Promise<WebReport> {
  const { say, signal } = context;
  const load = loadavg()[0] ?? 0;
  const world = await WebWorld.start(context);
  const figures: Figure[] = [];
  const note = (measured: readonly Figure[]): void => {
    signal.throwIfAborted();
    figures.push(...measured);
    for (const { name, value, unit } of measured) say(`${name}: ${value.toFixed(1)} ${unit}`);
  };
  try {
    await measureOneConversation(world, options, { note, signal });
    await measureHistories(world, options, { note, say });
    return {
      node: process.version,
      chromium: world.browser.version(),
      cpus: availableParallelism(),
      load,
      figures,
    };
  } finally {
    say('stopping …');
    await world.stop();
  }
}

async function measureOneConversation(
  world: WebWorld,
  { sends, words, hour }: WebBenchOptions,
  { note, signal }: { note: (figures: readonly Figure[]) => void; signal: AbortSignal },
): Promise<void> {
  const person = await world.person();
  const agent = await world.agent('Writer');
  const conversationId = await world.conversation(person, agent, 'Bench');
  const from = { identity_id: agent.id, conversation_ids: [conversationId] };
  await world.write(from, 100, (n) => `Message ${n} of those that were there before.`);
  note(await measureFirstLoad(world, person));
  const opened = await world.openConversation(person, 'Bench');
  try {
    note(await measureOwnBubble(opened, sends));
    note(await measureStream(opened, { url: world.url, agent, conversationId, words, signal }));
    const write = (count: number, of: string) =>
      world.write(from, count, (n) => `${of} ${n} ${'of the words of an hour '.repeat(6)}`);
    note(await measureMemory(opened, { hour, write }));
  } finally {
    await opened.close();
  }
}

async function measureHistories(
  world: WebWorld,
  { thousands, conversations, seconds }: WebBenchOptions,
  { note, say }: { note: (figures: readonly Figure[]) => void; say: (line: string) => void },
): Promise<void> {
  const agent = await world.agent('Historian');
  const person = await world.person();
  const id = await world.conversation(person, agent, 'History');
  const count = thousands * 1_000;
  say(`writing ${count} messages …`);
  const from = { identity_id: agent.id, conversation_ids: [id] };
  await world.write(from, count, (n) => `Message ${n} ${'of very many words '.repeat(n % 23)}`);
  note(await measureBacklog(world, person, count));
  await world.read(person, [id], count + FIRST_SEQ);
  const opened = await world.openConversation(person, 'History');
  try {
    note(await measureHistory(opened, { seconds, count }));
  } finally {
    await opened.close();
  }

  say(`opening ${conversations} conversations …`);
  const busy = await world.person();
  const ids = await world.conversations(busy, agent, conversations);
  await world.write(
    { identity_id: agent.id, conversation_ids: ids },
    ids.length,
    (n) => `Hello ${n}`,
  );
  await world.read(busy, ids, 1 + FIRST_SEQ);
  note(await measureManyConversations(world, busy, { count: conversations, seconds }));
}
