import type { Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { useMessenger } from '../messenger-context';
import type { Thread } from './thread';

interface FailureNoteProps {
  message: Message;
  thread: Thread;
}

/** An answer that did not come to its end, and the way to another one. */
export function FailureNote({ message, thread }: FailureNoteProps) {
  const messenger = useMessenger();
  const w = words().thread;
  if (message.state === undefined) return null;
  const question = questionOf(message, thread, messenger.person.id);
  const text = question?.content;
  return (
    <div class="failure">
      <Icon name="alert" small />
      <span dir="auto">
        {message.state === 'failed' ? w.failed : w.interrupted}
        {message.error !== undefined && `: ${message.error}`}
      </span>
      {text && (
        <Button small onClick={() => void messenger.send(thread.id, text, question.reply_to)}>
          <Icon name="retry" small />
          {w.tryAgain}
        </Button>
      )}
    </div>
  );
}

/** What the person had asked: what the answer replies to, else their last message before it. */
function questionOf(answer: Message, thread: Thread, selfId: string): Message | undefined {
  const messages = thread.messages.value;
  const replied = messages.find(({ id }) => id === answer.reply_to);
  if (replied?.sender.id === selfId) return replied;
  return messages.findLast(({ seq, sender }) => seq < answer.seq && sender.id === selfId);
}
