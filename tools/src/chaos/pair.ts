import type { Device } from './device';
import type { Random } from './random';
import { answered, type Responder } from './responder';

const CONTENT = 'People and agents talk. ';
/** A person who gets no answers stops typing. */
const MOST_PENDING = 50;
const PAUSE_MS = { min: 150, max: 450 };

export interface PairOptions {
  name: string;
  conversation: string;
  person: string;
  responder: Responder;
  random: Random;
  now: () => number;
}

/** A person who writes, and an agent who answers. */
export class Pair {
  /** The devices of the person; the first is the one that is used. */
  devices: Device[] = [];
  /** When the newest message that has been answered was sent. */
  answeredSentAt = -1;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly sentAt = new Map<string, number>();

  constructor(readonly options: PairOptions) {}

  start(): void {
    const { random } = this.options;
    this.timer = setTimeout(
      () => {
        this.write();
        this.start();
      },
      random.whole(PAUSE_MS.min, PAUSE_MS.max),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  noteAnswer(clientId: string): void {
    const question = answered(clientId);
    const at = question === undefined ? undefined : this.sentAt.get(question);
    if (question === undefined || at === undefined) return;
    this.sentAt.delete(question);
    this.answeredSentAt = Math.max(this.answeredSentAt, at);
  }

  /** The device in use; undefined while none is logged in. */
  get device(): Device | undefined {
    return this.devices.find(({ isConnected }) => isConnected);
  }

  get pending(): number {
    const devices = this.devices.reduce((sum, { sends }) => sum + sends.pending, 0);
    return devices + this.options.responder.sends.pending;
  }

  private write(): void {
    const { device } = this;
    if (!device || device.sends.pending >= MOST_PENDING) return;
    this.count += 1;
    const clientId = `${this.options.name}.${this.count}`;
    this.sentAt.set(clientId, this.options.now());
    device.send(clientId, CONTENT);
  }
}
