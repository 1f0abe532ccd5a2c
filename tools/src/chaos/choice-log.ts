import { MessengerError } from '@agent-messenger/sdk';
import type { Recorder } from '@agent-messenger/testkit';

/** Records what became of choices. */
export class ChoiceLog {
  private attempts = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly about: { conversation: string; identity: string },
    private readonly device: string,
  ) {}

  /** Resolves with whether the question has its outcome. */
  async track(
    { client_id, action_id }: { client_id: string; action_id: string },
    choose: () => Promise<{ event: { seq: number } }>,
  ): Promise<boolean> {
    const { recorder, about } = this;
    this.attempts += 1;
    const attempt = `${this.device}#${this.attempts}`;
    recorder.record({ type: 'choose', ...about, attempt, client_id, action_id });
    try {
      const { event } = await choose();
      recorder.record({ type: 'chosen', ...about, attempt, seq: event.seq });
      return true;
    } catch (error) {
      const code = error instanceof MessengerError ? error.code : String(error);
      recorder.record({ type: 'unchosen', ...about, attempt, code });
      return code === 'conflict';
    }
  }
}
