import type { Ack, Event } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { Inbox } from './inbox';
import type { Latencies } from './latencies';
import { openLink, type Link, type LinkOptions, type Transport } from './link';
import { Outbox } from './outbox';

export const CONTENT_BYTES = 200;
const CONTENT = 'Agents and people talk. '.repeat(9).slice(0, CONTENT_BYTES);

export interface MemberOptions extends Pick<LinkOptions, 'url' | 'namespace' | 'auth'> {
  transport: Transport;
  id: string;
  conversationId: string;
  /** Whether events have the log's positions, to be checked. */
  hasLog: boolean;
  latencies: Latencies;
  /** Told when the connection ends although nobody closed it. */
  onEnd: (reason: string) => void;
}

/** One side of a pair: sends, receives, and counts both. */
export class Member {
  outbox = new Outbox();
  inbox: Inbox;
  peer: Member | undefined;
  /** Called after each answer to a send. */
  onAnswer: (() => void) | undefined;
  private unreported = 0;
  private lastSeq = 0;
  private link: Link | undefined;

  private constructor(private readonly options: MemberOptions) {
    this.inbox = new Inbox();
  }

  /** Resolves when the connection has received all that there was before it. */
  static async connect(options: MemberOptions): Promise<Member> {
    const { transport, url, namespace, auth, id, onEnd } = options;
    const member = new Member(options);
    member.link = await openLink(transport, {
      url,
      namespace,
      auth,
      onEvent: (event) => member.receive(event),
      onEnd: (reason) => onEnd(`${id}: ${reason}`),
    }).catch((error: unknown) => {
      throw new Error(`${namespace} at ${url}: ${String(error)}`);
    });
    return member;
  }

  /** Counts anew. */
  begin(): void {
    this.outbox = new Outbox(this.outbox.next);
    this.inbox = new Inbox(this.inbox.last);
  }

  /** @param at when it should be sent, ms: what it waits until now is latency too */
  send(at: number): void {
    const { outbox } = this;
    const number = outbox.send(at);
    this.link?.send(
      {
        conversation_id: this.options.conversationId as `cnv_${string}`,
        client_id: String(number),
        content: CONTENT,
      },
      (answer) => this.answered(outbox, number, answer),
    );
  }

  /** Tells the server how far it has received, if there is news. */
  report(): void {
    if (this.unreported === 0) return;
    this.unreported = 0;
    this.link?.received({
      conversation_id: this.options.conversationId as `cnv_${string}`,
      seq: this.lastSeq,
    });
  }

  close(): void {
    this.link?.close();
  }

  private answered(outbox: Outbox, number: number, answer: Ack<'message:send'>): void {
    if (answer.ok) {
      const ms = outbox.ack(number, performance.now());
      if (outbox.isMeasured(number)) this.options.latencies.ack(ms);
    } else {
      outbox.fail(answer.error.code);
    }
    this.onAnswer?.();
  }

  private receive(event: Event): void {
    const { id, hasLog, latencies } = this.options;
    if (hasLog && !this.inbox.take(event.seq)) return;
    this.lastSeq = event.seq;
    this.unreported += 1;
    if (this.unreported >= LIMITS.receivedEvery) this.report();
    if (event.type !== 'message.created' || event.actor.id === id || !this.peer) return;
    const { outbox } = this.peer;
    const number = Number(event.message.client_id);
    const ms = outbox.receive(number, performance.now());
    if (ms !== undefined && outbox.isMeasured(number)) latencies.delivery(ms);
  }
}
