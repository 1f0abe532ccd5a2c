import { metricOf } from '@agent-messenger/testkit';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { OurStreams } from './our-lanes';
import { Reader } from './reader';
import { TOKEN, TokenClock } from './token-clock';

export interface AnswerCost {
  /** What one answer of 1,500 words adds to the database, divided by its text. */
  bytes_per_byte: number;
  /** Transactions of the store for one answer. */
  commits: number;
}

/** A token is a word here. */
const WORDS = 1_500;
const ANSWERS = 8;
const COMMITS = 'messages_append_seconds_count';

/** What answers cost the store, on disk and in transactions: each lane writes some, one after the other. */
export async function measureAnswerCost({ lanes, target }: OurStreams): Promise<AnswerCost> {
  const { messages, dataDir } = target.stack;
  const database = join(dataDir, 'messages.db');
  // Stopped, all of its log is in the database.
  const restart = async (): Promise<number> => {
    await messages.stop();
    const { size } = statSync(database);
    await messages.start();
    return size;
  };
  const before = await restart();
  const commitsBefore = await metricOf(messages, COMMITS);
  for (let n = 0; n < ANSWERS; n += 1) await Promise.all(lanes.map(write));
  const commits = (await metricOf(messages, COMMITS)) - commitsBefore;
  const answers = ANSWERS * lanes.length;
  const bytes = (await restart()) - before;
  return { bytes_per_byte: bytes / (answers * WORDS * TOKEN.length), commits: commits / answers };
}

async function write(lane: OurStreams['lanes'][number]): Promise<void> {
  const clock = new TokenClock(performance.now(), 0, WORDS);
  await lane.open(clock, new Reader(clock, undefined));
  lane.advance(WORDS);
  await lane.end();
}
