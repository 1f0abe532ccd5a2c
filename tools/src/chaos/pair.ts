import type { Message } from '@agent-messenger/contracts';
import { answered, answerIdOf } from './agents/answers';
import type { ChaosAgent } from './agents/chaos-agent';
import { Choices } from './choices';
import type { Device } from './device';
import type { Random } from './random';

/** What the agent is asked to do, in turn. */
const WHAT = ['send', 'stream', 'ask', 'send', 'stream', 'send'] as const;
const CONTENT = 'People and agents talk. ';
/** A person who gets no answers stops typing: on a slow machine an agent would fall behind for ever. */
const MOST_UNANSWERED = 20;
const PAUSE_MS = { min: 150, max: 450 };

export interface PairOptions {
  name: string;
  conversation: string;
  person: string;
  agent: ChaosAgent;
  random: Random;
  now: () => number;
}

/** A person who writes and chooses, and an agent who answers and asks. */
export class Pair {
  /** The devices of the person; the first is the one that is used. */
  devices: Device[] = [];
  /** When the newest message that has been answered was sent. */
  answeredSentAt = -1;
  private count = 0;
  private writes = true;
  private readonly choices: Choices;
  private timer: NodeJS.Timeout | undefined;
  private readonly sentAt = new Map<string, number>();

  constructor(readonly options: PairOptions) {
    this.choices = new Choices(options.random);
  }

  start(): void {
    const { random } = this.options;
    this.timer = setTimeout(
      () => {
        if (this.writes) this.write();
        this.choose();
        this.start();
      },
      random.whole(PAUSE_MS.min, PAUSE_MS.max),
    );
  }

  /** From now on the person only answers. */
  stopWriting(): void {
    this.writes = false;
  }

  goOnWriting(): void {
    this.writes = true;
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** What a device is shown of the agent's. */
  note(message: Message): void {
    this.choices.note(message);
    this.choose();
    const question = answered(answerIdOf(message));
    const at = question === undefined ? undefined : this.sentAt.get(question);
    if (question === undefined || at === undefined) return;
    this.sentAt.delete(question);
    this.answeredSentAt = Math.max(this.answeredSentAt, at);
  }

  /** The device in use; undefined while none is logged in. */
  get device(): Device | undefined {
    return this.devices.find(({ isConnected }) => isConnected);
  }

  /** Everything that is to have an answer, and has none. */
  get pending(): number {
    const devices = this.devices.reduce((sum, { sends }) => sum + sends.pending, 0);
    const { sentAt, choices } = this;
    return devices + sentAt.size + this.options.agent.log.pending + choices.pending;
  }

  private choose(): void {
    const { device } = this;
    if (device) this.choices.choose(device);
  }

  private write(): void {
    const { device } = this;
    if (!device || this.sentAt.size >= MOST_UNANSWERED) return;
    this.count += 1;
    const clientId = `${this.options.name}.${this.count}`;
    this.sentAt.set(clientId, this.options.now());
    const content = `${WHAT[this.count % WHAT.length]} ${CONTENT}`;
    void device.send(clientId, content).then((isSent) => {
      if (!isSent) this.sentAt.delete(clientId);
    });
  }
}
