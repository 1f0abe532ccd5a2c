import { useState } from 'preact/hooks';
import type { Conversation, ConversationUpdate } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Menu } from '../../ui/menu';
import { useMessenger } from '../messenger-context';
import { problemText } from '../problem-text';

type Asked = 'rename' | 'tags' | 'delete' | null;

export function ConversationMenu({ conversation }: { conversation: Conversation }) {
  const messenger = useMessenger();
  const w = words().menu;
  const [asked, setAsked] = useState<Asked>(null);
  const { changes } = messenger;
  const { muted, archived } = conversation;
  const update = (change: ConversationUpdate) => changes.update(conversation.id, change);
  const remove = async () => {
    if (await changes.deleteConversation(conversation)) messenger.route.go(null);
  };
  const items = [
    {
      icon: muted ? ('bell' as const) : ('mute' as const),
      label: muted ? w.unmute : w.mute,
      onChoose: () => void changes.mute(conversation),
    },
    {
      icon: 'archive' as const,
      label: archived ? w.unarchive : w.archive,
      onChoose: () => void changes.archive(conversation),
    },
    { icon: 'edit' as const, label: w.rename, onChoose: () => setAsked('rename') },
    { icon: 'tag' as const, label: w.tags, onChoose: () => setAsked('tags') },
    {
      icon: 'trash' as const,
      label: w.delete,
      isDanger: true,
      onChoose: () => setAsked('delete'),
    },
  ];
  return (
    <>
      <Menu label={w.more} items={items} />
      {asked === 'rename' && (
        <AskText
          title={w.rename}
          label={w.renameLabel}
          value={conversation.title ?? ''}
          onSave={(title) => update({ title })}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === 'tags' && (
        <AskText
          title={w.tags}
          label={w.tags}
          hint={w.tagsHint}
          value={conversation.tags.join(', ')}
          onSave={(text) => update({ tags: text.split(',').flatMap((tag) => tag.trim() || []) })}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === 'delete' && (
        <Confirm
          title={w.deleteAsk}
          lead={w.deleteLead}
          action={w.delete}
          onConfirm={() => void remove()}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

interface AskTextProps {
  title: string;
  label: string;
  hint?: string;
  value: string;
  onSave: (text: string) => Promise<void>;
  onClose: () => void;
}

function AskText({ title, label, hint, value, onSave, onClose }: AskTextProps) {
  const w = words().common;
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState<string | null>(null);
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await onSave(text);
      onClose();
    } catch (error) {
      setProblem(problemText(error));
    }
  }
  return (
    <Dialog title={title} closeLabel={w.close} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <Field
          label={label}
          hint={hint}
          value={text}
          autofocus
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {problem !== null && (
          <p class="note bad" role="alert">
            {problem}
          </p>
        )}
        <div class="buttons">
          <Button onClick={onClose}>{w.cancel}</Button>
          <Button type="submit" look="primary">
            {w.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
