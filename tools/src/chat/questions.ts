import type { Message } from '@agent-messenger/sdk';

type Action = NonNullable<Message['actions']>[number];

/** What was asked and not answered yet. */
export class Questions {
  readonly #open = new Map<string, Message>();

  /** A message as it is now. */
  note(message: Message): void {
    const { id, actions, choice } = message;
    if (actions && !choice) this.#open.set(id, message);
    else this.#open.delete(id);
  }

  /** Nothing can be chosen of it any more. */
  close({ id }: Message): void {
    this.#open.delete(id);
  }

  /** What a number stands for: one of the actions of the newest question that is open. */
  pick(text: string): { question: Message; action: Action } | undefined {
    const newest = [...this.#open.values()].sort((a, b) => b.seq - a.seq).find(isInTime);
    const action = /^[1-9]$/.test(text) ? newest?.actions?.[Number(text) - 1] : undefined;
    return newest && action && { question: newest, action };
  }
}

/** As far as the clock here knows; the server has the last word. */
function isInTime({ actions_expire_at }: Message): boolean {
  return actions_expire_at === undefined || Date.parse(actions_expire_at) > Date.now();
}
