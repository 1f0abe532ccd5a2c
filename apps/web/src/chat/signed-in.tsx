import { useEffect, useState } from 'preact/hooks';
import { brandName } from '../brand';
import type { SignedInProps } from './app';
import { MessengerContext } from './messenger-context';
import { ConnectionBar } from './notices/connection-bar';
import { Messenger } from './session/messenger';
import {
  clearNotifications,
  followClicks,
  showBadge,
  startServiceWorker,
} from './session/service-worker';
import { Sidebar } from './sidebar/sidebar';
import { ThreadPane } from './thread/thread-pane';
import { Starting } from '../ui/starting';
import './chat.css';

/** The list on one side, the open conversation on the other; on a phone one of the two. */
export function SignedIn({ account, person, onEnded }: SignedInProps) {
  const [messenger] = useState(() => new Messenger(account, person));
  // What this browser kept is there before anything is written: a draft begins where it ended.
  const [isReady, setReady] = useState(false);
  useEffect(() => {
    const unfollow = messenger.route.follow();
    void messenger.start().then(() => setReady(true));
    return () => {
      unfollow();
      void messenger.close();
    };
  }, []);
  const state = messenger.loop.state.value;
  useEffect(() => {
    if (state !== 'ended') return;
    onEnded();
    void messenger.forget();
  }, [state]);
  const unread = messenger.unread.value;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${brandName()}` : brandName();
    showBadge(unread);
  }, [unread]);

  useEffect(() => void startServiceWorker(), []);
  useEffect(() => followClicks((id) => messenger.route.go(id)), []);
  const unreadIds = messenger.unreadIds.value;
  useEffect(() => {
    if (state === 'online') void clearNotifications(unreadIds);
  }, [unreadIds, state]);

  const openId = messenger.route.conversationId.value;
  if (!isReady) return <Starting />;
  return (
    <MessengerContext.Provider value={messenger}>
      <div class={openId === null ? 'chat' : 'chat has-open'}>
        <Sidebar openId={openId} />
        <main class="main">
          <ThreadPane id={openId} />
        </main>
        <ConnectionBar />
      </div>
    </MessengerContext.Provider>
  );
}
