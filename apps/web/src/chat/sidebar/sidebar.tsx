import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { brandLogo, brandName } from '../../brand';
import { words } from '../../i18n/i18n';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { isComposing } from '../../ui/is-composing';
import { useMessenger } from '../messenger-context';
import { PushOffer } from '../notices/push-offer';
import { SettingsDialog } from '../settings/settings-dialog';
import { ConversationRows } from './conversation-rows';
import { filtered, type Shown } from './filter';
import { NewConversation } from './new-conversation';

export function Sidebar({ openId }: { openId: string | null }) {
  const messenger = useMessenger();
  const w = words().list;
  const [query, setQuery] = useState('');
  const [shown, setShown] = useState<Shown>('all');
  const [dialog, setDialog] = useState<'new' | 'settings' | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const all = messenger.conversations.value;
  const conversations = useMemo(() => filtered(all, shown, query), [all, shown, query]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      search.current?.focus();
      search.current?.select();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <nav class="sidebar" aria-label={w.title}>
      <header class="sidebar-head">
        <img src={brandLogo()} alt="" width="28" height="28" />
        <h1>{brandName()}</h1>
        <IconButton icon="settings" label={w.menu} onClick={() => setDialog('settings')} />
        <IconButton icon="plus" label={w.create} onClick={() => setDialog('new')} />
      </header>
      <div class="sidebar-search">
        <Icon name="search" small />
        <input
          ref={search}
          type="search"
          aria-label={w.search}
          placeholder={w.search}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (isComposing(event)) return;
            if (event.key === 'Escape') setQuery('');
            const first = conversations[0];
            if (event.key !== 'Enter' || !first) return;
            // It would go on to the field that has the focus then, as a new line.
            event.preventDefault();
            messenger.route.go(first.id);
          }}
        />
        <kbd>{w.searchHint}</kbd>
      </div>
      <div class="chips" role="group" aria-label={w.search}>
        {(['all', 'unread', 'archived'] as const).map((each) => (
          <button
            key={each}
            type="button"
            class="chip"
            aria-pressed={shown === each}
            onClick={() => setShown(each)}
          >
            {w[each]}
          </button>
        ))}
      </div>
      <ConversationRows
        conversations={conversations}
        openId={openId}
        empty={<EmptyList shown={shown} query={query} onNew={() => setDialog('new')} />}
      />
      <PushOffer />
      {dialog === 'new' && <NewConversation onClose={() => setDialog(null)} />}
      {dialog === 'settings' && <SettingsDialog onClose={() => setDialog(null)} />}
    </nav>
  );
}

interface EmptyListProps {
  shown: Shown;
  query: string;
  onNew: () => void;
}

function EmptyList({ shown, query, onNew }: EmptyListProps) {
  const { isListed } = useMessenger();
  const w = words().list;
  if (!isListed.value) return <RowSkeletons />;
  const isFirst = shown === 'all' && query === '';
  const leads = {
    all: query === '' ? w.emptyLead : w.nothingLead,
    unread: query === '' ? w.nothingUnread : w.nothingLead,
    archived: query === '' ? w.nothingArchived : w.nothingLead,
  };
  return (
    <div class="empty">
      <Icon name="chat" />
      <h2>{isFirst ? w.empty : w.nothing}</h2>
      <p>{leads[shown]}</p>
      {isFirst && (
        <button type="button" class="button primary" onClick={onNew}>
          {w.create}
        </button>
      )}
    </div>
  );
}

function RowSkeletons() {
  return (
    <div class="skeletons" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((each) => (
        <div key={each} class="skeleton-row">
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
