import { useEffect, useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { useMessenger } from '../messenger-context';
import { problemText } from '../problem-text';
import type { PushState } from '../session/push';

/** Asked for here and nowhere else: who comes here wants to decide. */
export function NotificationSetting() {
  const { push, loop } = useMessenger();
  const w = words().settings;
  const [state, setState] = useState<PushState | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const look = async () => setState(await push.state());
  const change = async (work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      setProblem(problemText(error));
    }
    await look();
  };
  const isOnline = loop.state.value === 'online';
  useEffect(() => void look().catch(() => setState(null)), [isOnline]);
  const leads = {
    on: w.notificationsOn,
    off: w.notificationsLead,
    denied: w.notificationsDenied,
    none: w.notificationsNone,
  };
  return (
    <div class="setting">
      <h3>{w.notifications}</h3>
      <p class="muted">{state === null ? w.notificationsUnknown : leads[state]}</p>
      {problem !== null && (
        <p class="note bad" role="alert">
          {problem}
        </p>
      )}
      {state === 'off' && <Button onClick={() => void change(push.turnOn())}>{w.turnOn}</Button>}
      {state === 'on' && <Button onClick={() => void change(push.turnOff())}>{w.turnOff}</Button>}
    </div>
  );
}
