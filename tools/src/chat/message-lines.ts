import type { Message } from '@agent-messenger/sdk';

/** A message as it is now, in lines; `who` said it. */
export function messageLines(message: Message, who: string): string {
  const { content } = message;
  if (content === null) return `${who}: (deleted)`;
  const said = content === '' ? [] : [`${who}: ${content}`];
  return [...said, ...besides(message, who)].join('\n');
}

/** What there is to say of a message besides its text: how it ended, and what can be or was chosen. */
export function besides(message: Message, who: string): string[] {
  const { state, error, actions = [], choice } = message;
  const lines: string[] = [];
  if (state === 'failed') lines.push(`* ${who} failed: ${error ?? 'no reason given'}`);
  if (state === 'interrupted') lines.push(`* ${who} was interrupted`);
  if (choice) lines.push(`* chosen: ${labelOf(message)}`);
  else lines.push(...actions.map(({ label }, index) => `  ${index + 1}  ${label}`));
  return lines;
}

/** Of what was chosen. */
export function labelOf({ actions, choice }: Message): string {
  return actions?.find(({ id }) => id === choice?.action_id)?.label ?? choice?.action_id ?? '';
}
