import type { Conversation, StreamView } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Avatar } from '../avatar';
import { Markdown } from '../markdown/markdown';
import { nameIn } from '../session/names';

interface StreamRowProps {
  stream: StreamView;
  conversation: Conversation | undefined;
  startsGroup: boolean;
}

/** An answer while it is written, as the message will look. */
export function StreamMessage({ stream, conversation, startsGroup }: StreamRowProps) {
  const w = words().thread;
  const name = nameIn(conversation, stream.agent_id);
  const isWriting = stream.status === 'writing';
  return (
    <article class="message is-stream" tabIndex={-1} aria-label={w.writing(name)} aria-busy="true">
      {startsGroup && <Avatar name={name} id={stream.agent_id} />}
      <div class="message-body">
        {startsGroup && (
          <p class="message-from">
            <strong dir="auto">{name}</strong>
          </p>
        )}
        <div class={isWriting ? 'bubble is-growing' : 'bubble'}>
          <Markdown text={stream.text} isGrowing={isWriting} />
        </div>
      </div>
    </article>
  );
}
