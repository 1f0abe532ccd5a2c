import type { Recorder } from '@agent-messenger/testkit';
import { MessengerError, type Sent } from '@agent-messenger/sdk';

/** Records what became of sends, and knows how many have no answer yet. */
export class SendLog {
  pending = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly about: { conversation: string; identity: string },
  ) {}

  /** Resolves with whether it has its ack. @param sender what keeps the order of its sends */
  async track(sender: string, client_id: string, send: () => Promise<Sent>): Promise<boolean> {
    const { recorder, about } = this;
    this.pending += 1;
    recorder.record({ type: 'send', ...about, sender, client_id });
    try {
      const { message } = await send();
      recorder.record({ type: 'ack', ...about, client_id, seq: message.seq });
      return true;
    } catch (error) {
      const code = error instanceof MessengerError ? error.code : String(error);
      recorder.record({ type: 'refused', ...about, client_id, code });
      return false;
    } finally {
      this.pending -= 1;
    }
  }
}
