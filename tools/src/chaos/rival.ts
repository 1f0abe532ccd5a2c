import type { Agent, Recorder } from '@agent-messenger/testkit';
import { openRivalLink, type RivalLink } from './rival-link';
import { transportOf, type TransportChoice } from './transports';

export interface RivalOptions {
  agent: Agent;
  conversation: string;
  urls: readonly string[];
  transport: TransportChoice;
  recorder: Recorder;
}

interface Opened {
  name: string;
  link: RivalLink;
  count: number;
  /** The server said `connected`, and it has not ended. */
  isConnected: boolean;
}

const OPEN_EVERY_MS = 2_000;
const WRITE_EVERY_MS = 120;
const MOST_OPEN = 4;

/**
 * An identity that keeps opening connections on one gateway after the other and writes through all of them for as long
 * as they are open: what the store accepts from which shows how many are current.
 */
export class Rival {
  private readonly open: Opened[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  private opened = 0;

  constructor(private readonly options: RivalOptions) {}

  get identity(): string {
    return this.options.agent.id;
  }

  start(): void {
    this.connect();
    this.timers.push(setInterval(() => this.connect(), OPEN_EVERY_MS));
    this.timers.push(
      setInterval(() => this.open.forEach((one) => this.write(one)), WRITE_EVERY_MS),
    );
  }

  stop(): void {
    this.timers.forEach(clearInterval);
    for (const { link } of this.open.splice(0)) link.close();
  }

  private connect(): void {
    const { agent, urls, transport, recorder } = this.options;
    const identity = agent.id;
    const url = urls[this.opened % urls.length] ?? '';
    const choice = transportOf(transport, this.opened);
    this.opened += 1;
    const connection = `${agent.name}#${this.opened}`;
    recorder.record({ type: 'connecting', identity, connection });
    const link = openRivalLink(choice, {
      url,
      apiKey: agent.api_key,
      onConnected(connection_id) {
        one.isConnected = true;
        recorder.record({ type: 'connected', identity, connection, connection_id });
      },
      // Otherwise every connection would begin with all that the rival has ever written.
      onEvent: ({ seq }) => seq % 8 === 0 && this.received(one, seq),
      onReplaced: () => recorder.record({ type: 'replaced', identity, connection }),
      onGone: (reason) => {
        one.isConnected = false;
        recorder.record({ type: 'disconnected', identity, connection, reason });
        const index = this.open.indexOf(one);
        if (index !== -1) this.open.splice(index, 1);
      },
    });
    const one: Opened = { name: connection, link, count: 0, isConnected: false };
    this.open.push(one);
    if (this.open.length > MOST_OPEN) this.open.shift()?.link.close();
  }

  private received({ link }: Opened, seq: number): void {
    const conversation_id = this.options.conversation as `cnv_${string}`;
    link.received({ conversation_id, seq });
  }

  private write(one: Opened): void {
    if (!one.isConnected) return;
    const { agent, conversation, recorder } = this.options;
    one.count += 1;
    const client_id = `${one.name.replaceAll(/[^\w#]/g, '').replace('#', ':')}.${one.count}`;
    const about = { conversation, identity: agent.id };
    recorder.record({ type: 'send', ...about, sender: one.name, client_id, connection: one.name });
    const conversation_id = conversation as `cnv_${string}`;
    one.link.send({ conversation_id, client_id, content: 'mine' }, (answer) => {
      if (answer.ok) recorder.record({ type: 'ack', ...about, client_id, seq: answer.message.seq });
      else recorder.record({ type: 'refused', ...about, client_id, code: answer.error.code });
    });
  }
}
