import { GREEDY_PEERS } from '@agent-messenger/testkit';
import type { FromGreedy, Tally, ToGreedy } from '../bench/abuse/greedy-process';

/** The other end of `GreedyProcess`. */
const tally: Tally = {};
let round: (() => Promise<string>) | undefined;

async function goOn(): Promise<void> {
  for (;;) {
    const answer = await (round?.() ?? Promise.resolve('nothing')).catch((error: unknown) =>
      error instanceof Error ? `failed: ${error.message}` : String(error),
    );
    tally[answer] = (tally[answer] ?? 0) + 1;
  }
}

async function prepare({ name, scene }: ToGreedy & { type: 'prepare' }): Promise<void> {
  round = await GREEDY_PEERS.find((peer) => peer.name === name)?.prepare(scene);
  tell({ type: 'prepared' });
}

function tell(message: FromGreedy): void {
  process.send?.(message);
}

process.on('message', (message: ToGreedy) => {
  if (message.type === 'prepare') {
    prepare(message).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  } else if (message.type === 'go') void goOn();
  else tell({ type: 'stopped', tally });
});
process.on('disconnect', () => process.exit());
