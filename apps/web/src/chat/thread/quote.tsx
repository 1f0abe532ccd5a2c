import type { Conversation } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { nameIn } from '../session/names';
import { plainText } from '../sidebar/plain-text';
import type { Thread } from './thread';

interface QuoteProps {
  id: string;
  thread: Thread;
  conversation: Conversation | undefined;
}

/** The message that another one answers. */
export function Quote({ id, thread, conversation }: QuoteProps) {
  const w = words().thread;
  const original = thread.messages.value.find((message) => message.id === id);
  const text = original ? plainText(original.content ?? w.deleted) : w.unknownOriginal;
  return (
    <blockquote class="quote">
      <span class="visually-hidden">{w.inReplyTo} </span>
      {original && <strong dir="auto">{nameIn(conversation, original.sender.id)}</strong>}
      <span dir="auto">{text}</span>
    </blockquote>
  );
}
