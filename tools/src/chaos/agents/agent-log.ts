import type { Recorder } from '@agent-messenger/testkit';

/** What an agent tells of itself, in whichever language it is written. */
export type AgentReport =
  | { type: 'connected'; connection_id: string | null }
  | { type: 'disconnected'; reason: string }
  | { type: 'receive'; seq: number; client_id: string | null }
  /** `by_itself`: not as an answer. Each of the two keeps its order. */
  | { type: 'send'; client_id: string; by_itself: boolean }
  | { type: 'ack'; client_id: string; seq: number }
  | { type: 'refused'; client_id: string; code: string }
  | { type: 'ask'; client_id: string }
  | { type: 'answered'; client_id: string; action_id: string | null }
  | { type: 'presence'; identity_id: string; status: string };

/** Records what an agent reports, and knows what it waits for. */
export class AgentLog {
  lastSeq = 0;
  /** What it was told about its person last. */
  personStatus = 'unknown';
  private readonly waiting = new Set<string>();
  private starts = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly about: { conversation: string; identity: string },
  ) {
    const { identity, conversation } = about;
    recorder.record({ type: 'device', device: identity, identity, conversation });
  }

  /** The agent starts, for the first time or again. Returns what takes the reports of this start. */
  begin(): (report: AgentReport) => void {
    this.starts += 1;
    const session = this.session;
    return (report) => this.take(report, session);
  }

  get identity(): string {
    return this.about.identity;
  }

  /** Sends without an ack, and questions without an answer. */
  get pending(): number {
    return this.waiting.size;
  }

  /** Each start is an SDK object of its own. */
  private get session(): string {
    return `${this.about.identity}/${this.starts}`;
  }

  private take(report: AgentReport, session: string): void {
    const { recorder, about } = this;
    const { identity, conversation } = about;
    switch (report.type) {
      case 'connected':
      case 'disconnected':
        return recorder.record({ ...report, identity, connection: session });
      case 'receive':
        this.lastSeq = Math.max(this.lastSeq, report.seq);
        return recorder.record({ ...report, conversation, device: identity, session });
      case 'send': {
        const { type, client_id, by_itself } = report;
        this.waiting.add(client_id);
        const sender = by_itself ? `${identity} by itself` : session;
        return recorder.record({ type, client_id, ...about, sender });
      }
      case 'ack':
        this.waiting.delete(report.client_id);
        return recorder.record({ ...report, ...about });
      case 'refused':
        // What an earlier start gave up is done again.
        if (session === this.session) this.waiting.delete(report.client_id);
        return recorder.record({ ...report, ...about });
      case 'ask':
        this.waiting.add(report.client_id);
        return recorder.record({ ...report, ...about, session });
      case 'answered':
        this.waiting.delete(report.client_id);
        return recorder.record({ ...report, ...about, session });
      case 'presence': {
        const { identity_id, status } = report;
        this.personStatus = status;
        recorder.record({
          ...{ type: 'presence', watcher: identity, identity: identity_id, status },
          source: 'event',
        });
      }
    }
  }
}
