import type { Message } from '@agent-messenger/contracts';
import type { Device } from './device';
import type { Random } from './random';

export interface Question {
  message_id: string;
  client_id: string;
  /** What this person chooses, however often it has to be said. */
  action_id: string;
  /** Chosen by the same person at the same moment, over REST; not for every question. */
  rival: string | undefined;
}

/** The questions of an agent to a person, who chooses until there is an outcome. */
export class Choices {
  private readonly open = new Map<string, Question>();
  private readonly underWay = new Set<string>();

  constructor(private readonly random: Random) {}

  /** Questions without an outcome. */
  get pending(): number {
    return this.open.size;
  }

  /** A message as a device is shown it. */
  note({ id, client_id, actions, choice }: Message): void {
    if (!actions) return;
    if (choice) return void this.open.delete(id);
    if (this.open.has(id)) return;
    const [action_id = '', other] = this.random.shuffled(actions.map((action) => action.id));
    const rival = this.random.whole(0, 1) === 0 ? other : undefined;
    this.open.set(id, { message_id: id, client_id, action_id, rival });
  }

  /** Of whatever has no outcome and is not being chosen. */
  choose(device: Device): void {
    for (const question of this.open.values()) {
      const { message_id } = question;
      if (this.underWay.has(message_id)) continue;
      this.underWay.add(message_id);
      void device.choose(question).then((isOver) => {
        this.underWay.delete(message_id);
        if (isOver) this.open.delete(message_id);
      });
    }
  }
}
