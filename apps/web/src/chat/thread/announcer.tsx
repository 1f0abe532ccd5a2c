import { useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation, Message } from '@agent-messenger/sdk/browser';
import { nameIn } from '../session/names';
import { plainText } from '../sidebar/plain-text';

interface AnnouncerProps {
  messages: readonly Message[];
  conversation: Conversation | undefined;
  selfId: string;
}

/** Reads out what arrives while the conversation is open. */
export function Announcer({ messages, conversation, selfId }: AnnouncerProps) {
  const [text, setText] = useState('');
  const last = messages.at(-1);
  const heard = useRef<number | null>(null);
  useEffect(() => {
    if (!last) return;
    const isNew = heard.current !== null && last.seq > heard.current;
    heard.current = Math.max(heard.current ?? 0, last.seq);
    if (!isNew || last.sender.id === selfId) return;
    setText(`${nameIn(conversation, last.sender.id)}: ${plainText(last.content ?? '')}`);
  }, [last?.id]);
  return (
    <p class="visually-hidden" aria-live="polite" aria-atomic="true">
      {text}
    </p>
  );
}
