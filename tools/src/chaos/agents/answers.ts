import type { Message } from '@agent-messenger/contracts';

const ANSWER = ':re';

export function answerTo(clientId: string): string {
  return `${clientId}${ANSWER}`;
}

/** The message that was answered; undefined for what is no answer. */
export function answered(clientId: string): string | undefined {
  return clientId.endsWith(ANSWER) ? clientId.slice(0, -ANSWER.length) : undefined;
}

/** As `answerTo` has it, of messages that were streams, too. */
export function answerIdOf({ metadata, client_id }: Message): string {
  const answers = metadata?.['answers'];
  return typeof answers === 'string' ? answers : client_id;
}
