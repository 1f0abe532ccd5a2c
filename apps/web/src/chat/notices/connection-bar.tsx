import { useEffect, useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { useMessenger } from '../messenger-context';

/** What stands between the person and their messages, for as long as it does. */
export function ConnectionBar() {
  const { loop } = useMessenger();
  const hasNetwork = useNetwork();
  const { value } = loop.state;
  // That a connection is dead, or never comes, is found out by itself half a minute later.
  const isCut = !hasNetwork && value !== 'replaced' && value !== 'ended';
  const state = isCut ? 'offline' : value;
  const w = words().connection;
  const text = state === 'online' || state === 'ended' ? null : w[state];
  return (
    <div class="connection-bar" role="status" data-state={state}>
      {text !== null && (
        <p>
          <span class="connection-dot" />
          <span>{text}</span>
          {state === 'replaced' && (
            <Button small look="primary" onClick={() => loop.takeOver()}>
              {w.useHere}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}

/** Whether the device has a network, as the browser has it. */
function useNetwork(): boolean {
  const [isThere, set] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => set(navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  return isThere;
}
