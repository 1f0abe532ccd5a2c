import type {
  Ack,
  ClientToServer,
  ServerEventPayload,
  ServerToClient,
} from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import { Inbox } from './inbox';
import type { Latencies } from './latencies';
import { Outbox } from './outbox';

export const CONTENT_BYTES = 200;
const CONTENT = 'Agents and people talk. '.repeat(9).slice(0, CONTENT_BYTES);

export interface MemberOptions {
  url: string;
  namespace: '/client' | '/agent';
  auth: Record<string, string>;
  id: string;
  conversationId: string;
  /** Whether events have the log's positions, to be checked. */
  hasLog: boolean;
  latencies: Latencies;
  /** Told when the connection ends although nobody closed it. */
  onEnd: (reason: string) => void;
}

/** One side of a pair: a plain socket.io-client that sends, receives, and counts both. */
export class Member {
  outbox = new Outbox();
  inbox: Inbox;
  peer: Member | undefined;
  /** Called after each answer to a send. */
  onAnswer: (() => void) | undefined;
  private unreported = 0;
  private lastSeq = 0;
  private readonly socket: Socket<ServerToClient, ClientToServer>;

  private constructor(private readonly options: MemberOptions) {
    this.inbox = new Inbox();
    this.socket = io(options.url + options.namespace, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: options.auth,
    });
    this.socket.on('event', (event) => this.receive(event));
  }

  /** Resolves when the connection has received all that there was before it. */
  static async connect(options: MemberOptions): Promise<Member> {
    const member = new Member(options);
    const { socket } = member;
    await new Promise<void>((resolve, reject) => {
      socket.once('synced', () => resolve());
      socket.once('connect_error', reject);
      socket.once('disconnect', (reason) => reject(new Error(reason)));
    }).catch((error: unknown) => {
      socket.disconnect();
      throw new Error(`${options.namespace} at ${options.url}: ${String(error)}`);
    });
    socket.off('connect_error').off('disconnect');
    socket.on('disconnect', (reason) => options.onEnd(`${options.id}: ${reason}`));
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
    this.socket.emit(
      'message:send',
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
    this.socket.emit('received', {
      conversation_id: this.options.conversationId as `cnv_${string}`,
      seq: this.lastSeq,
    });
  }

  close(): void {
    this.socket.off('disconnect').disconnect();
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

  private receive(event: ServerEventPayload<'event'>): void {
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
