import { useEffect, useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { useMessenger } from '../messenger-context';

const OFFERED = 'agent-messenger:push-offered';

/**
 * Notifications are offered once, to somebody who has asked something and waits; the browser asks after their click.
 */
export function PushOffer() {
  const { push, hasSent, loop } = useMessenger();
  const w = words().settings;
  const [isOpen, setOpen] = useState(false);
  const isOnline = loop.state.value === 'online';
  const isDue = isOnline && hasSent.value && localStorage.getItem(OFFERED) === null;
  useEffect(() => {
    if (!isDue) return;
    // Without an answer from the server there is nothing to offer.
    void push.state().then(
      (state) => setOpen(state === 'off'),
      () => undefined,
    );
  }, [isDue]);
  if (!isOpen) return null;
  const close = () => {
    localStorage.setItem(OFFERED, 'yes');
    setOpen(false);
  };
  return (
    <div class="push-offer" role="status">
      <p>{w.notificationsOffer}</p>
      <Button
        small
        look="primary"
        onClick={() => {
          close();
          // What goes wrong can be seen in the settings, where it can be tried again.
          void push.turnOn().catch(() => undefined);
        }}
      >
        {w.turnOn}
      </Button>
      <Button small look="quiet" onClick={close}>
        {w.notNow}
      </Button>
    </div>
  );
}
