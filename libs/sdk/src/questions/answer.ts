import type { Event, Message, Send } from '@agent-messenger/contracts';

export type AskedAction = NonNullable<Send['actions']>[number];

/** What can be chosen: an action, or a text that is its label and what `ask` answers. */
export type AskOption = string | AskedAction;

const ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** A text that cannot be an id gets its number. */
export function actionsOf(options: readonly AskOption[]): AskedAction[] {
  return options.map((option, index) => {
    if (typeof option !== 'string') return option;
    return { id: ID.test(option) ? option : `option-${index + 1}`, label: option };
  });
}

/** The option of this id; what an earlier run asked may have had others. */
export function optionOf(options: readonly AskOption[], id: string): string {
  const index = actionsOf(options).findIndex((action) => action.id === id);
  const option = options[index];
  return typeof option === 'string' ? option : id;
}

/** What an event says about a question: the id of the chosen action, null for a question that was withdrawn. */
export type Answer = { actionId: string | null; messageId?: string } | undefined;

/** Undefined when the event answers nothing. A person may type the id or the label: older clients have no buttons. */
export function answerIn(event: Event, question: Message): Answer {
  if (event.conversation_id !== question.conversation_id) return undefined;
  if ('message' in event && event.message?.id === question.id) return answerOf(event.message);
  if (event.type !== 'message.created' || event.seq <= question.seq) return undefined;
  const { message } = event;
  if (message.sender.kind !== 'user' || message.content === null) return undefined;
  const typed = plain(message.content);
  const action = question.actions?.find(({ id, label }) =>
    [plain(id), plain(label)].includes(typed),
  );
  return action && { actionId: action.id, messageId: message.id };
}

/** What the question itself says, as it is now. */
export function answerOf({ choice, content }: Message): Answer {
  if (content === null) return { actionId: null };
  return choice && { actionId: choice.action_id };
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
