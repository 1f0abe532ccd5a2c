import fc from 'fast-check';
import { AGENT, USER, type FakeLog } from './fake-log';

export interface Step {
  op: 'say' | 'edit' | 'remove' | 'react' | 'rename' | 'join' | 'leave' | 'future';
  /** Chooses the message, and between two of everything else. */
  which: number;
}

const steps = fc.array(
  fc.record<Step>({
    op: fc.constantFrom(
      'say',
      'say',
      'edit',
      'remove',
      'react',
      'rename',
      'join',
      'leave',
      'future',
    ),
    which: fc.nat({ max: 30 }),
  }),
  { maxLength: 40 },
);

export const arbitrarySteps = steps;

/** Carries out one step; those that have nothing to act on do nothing. */
export function take(log: FakeLog, { op, which }: Step): void {
  const { messages } = log;
  const message = messages[which % Math.max(messages.length, 1)];
  const isPerson = which % 2 === 0;
  switch (op) {
    case 'say':
      log.say(isPerson ? USER : AGENT, `text ${which}`);
      break;
    case 'rename':
      log.rename(`title ${which}`);
      break;
    case 'join':
      log.join(`agt_${2 + (which % 3)}`);
      break;
    case 'leave': {
      const { members } = log.conversation();
      const last = members.at(-1);
      if (members.length > 2 && last) log.leave(last.id);
      break;
    }
    case 'future':
      log.future();
      break;
    default:
      if (!message || message.content === null) break;
      if (op === 'edit') log.edit(message.sender.id, message.id, `edited ${which}`);
      if (op === 'remove') log.remove(message.sender.id, message.id);
      if (op === 'react') {
        const emoji = which % 5 < 3 ? '👍' : '🎉';
        log.react(isPerson ? USER : AGENT, message.id, emoji, which % 3 !== 0);
      }
  }
}
