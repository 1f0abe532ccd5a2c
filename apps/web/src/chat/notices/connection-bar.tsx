import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { useMessenger } from '../messenger-context';

/** What stands between the person and their messages, for as long as it does. */
export function ConnectionBar() {
  const { loop } = useMessenger();
  const state = loop.state.value;
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
