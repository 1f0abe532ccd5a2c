import { useCallback, useMemo, useState } from 'preact/hooks';
import type { Message } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Icon } from '../../ui/icon';
import { Composer, type ComposerMode } from '../composer/composer';
import { useMessenger } from '../messenger-context';
import { agentOf } from '../session/names';
import { MessageList } from './message-list';
import { ThreadHead } from './thread-head';

export function ThreadPane({ id }: { id: string | null }) {
  const { conversations } = useMessenger();
  const w = words().thread;
  if (id === null) {
    return (
      <div class="nothing-open">
        <Icon name="chat" />
        {/* Without any, the list says what to do. */}
        {conversations.value.length > 0 && (
          <>
            <h2>{w.choose}</h2>
            <p>{w.chooseLead}</p>
          </>
        )}
      </div>
    );
  }
  return <OpenThread key={id} id={id} />;
}

function OpenThread({ id }: { id: string }) {
  const messenger = useMessenger();
  const w = words().thread;
  const thread = useMemo(() => messenger.threads.open(id), [id]);
  const [mode, setMode] = useState<ComposerMode>({ kind: 'new' });
  const conversation = messenger.conversation(id);
  const agent = conversation && agentOf(conversation);
  const begin = useCallback(
    (kind: 'reply' | 'edit', message: Message) => setMode({ kind, message }),
    [],
  );
  return (
    <section class="thread">
      <ThreadHead conversation={conversation} />
      {thread.isGone.value ? (
        <p class="nothing-open">{w.gone}</p>
      ) : (
        <>
          <MessageList thread={thread} conversation={conversation} onBegin={begin} />
          {agent?.deleted ? (
            <p class="composer-closed note warn">{w.agentGone}</p>
          ) : (
            <Composer
              conversationId={id}
              conversation={conversation}
              thread={thread}
              mode={mode}
              setMode={setMode}
            />
          )}
        </>
      )}
    </section>
  );
}
