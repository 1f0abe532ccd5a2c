import type { AbuseScene } from '@agent-messenger/testkit';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** How often each answer came at the end of a round. */
export type Tally = Record<string, number>;

export type ToGreedy =
  { type: 'prepare'; name: string; scene: AbuseScene } | { type: 'go' | 'stop' };
export type FromGreedy = { type: 'prepared' } | { type: 'stopped'; tally: Tally };

/** One that is busy with itself is not waited for. */
const ANSWER_MS = 120_000;

/** A greedy peer in a process of its own: what it costs itself is not what it costs others. */
export class GreedyProcess {
  private readonly child = fork(join(__dirname, 'greedy-peer.js'));

  async prepare(name: string, scene: AbuseScene): Promise<void> {
    await this.tell({ type: 'prepare', name, scene });
  }

  go(): void {
    this.child.send({ type: 'go' } satisfies ToGreedy);
  }

  async stop(): Promise<Tally> {
    const answer = await this.tell({ type: 'stop' });
    this.end();
    return answer.type === 'stopped' ? answer.tally : {};
  }

  end(): void {
    this.child.kill();
  }

  private async tell(message: ToGreedy): Promise<FromGreedy> {
    const ended = new AbortController();
    const late = AbortSignal.any([ended.signal, AbortSignal.timeout(ANSWER_MS)]);
    const answered = once(this.child, 'message', { signal: late });
    const exit = once(this.child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`the greedy peer ended with exit code ${String(code)}`);
    });
    try {
      this.child.send(message);
      const [answer] = (await Promise.race([answered, exit])) as [FromGreedy];
      return answer;
    } finally {
      ended.abort();
      // Both are settled by that, one of them unheard.
      answered.catch(() => undefined);
      exit.catch(() => undefined);
    }
  }
}
