import { useState } from 'preact/hooks';
import { MessengerError } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { useMessenger } from '../messenger-context';
import { problemText } from '../problem-text';

/** Asks for the present password as well: an open page is no proof of who sits before it. */
export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const messenger = useMessenger();
  const w = words();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function change(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setProblem(null);
    try {
      if (!messenger.client) throw new MessengerError('disconnected', 'not connected');
      await messenger.client.changePassword({
        current_password: String(data.get('current')),
        new_password: String(data.get('new')),
      });
      onClose();
    } catch (error) {
      setProblem(passwordProblem(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title={w.settings.changePassword} closeLabel={w.common.close} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void change(event)}>
        {/* For password managers: whose it is. */}
        <input
          type="text"
          autocomplete="username"
          value={messenger.person.name ?? ''}
          hidden
          readOnly
        />
        <Field
          label={w.settings.presentPassword}
          name="current"
          type="password"
          autocomplete="current-password"
          required
          autofocus
        />
        <Field
          label={w.settings.newPassword}
          name="new"
          type="password"
          autocomplete="new-password"
          required
          hint={w.signIn.passwordHint}
        />
        <p class="muted">{w.settings.changePasswordLead}</p>
        {problem !== null && (
          <p class="note bad" role="alert">
            {problem}
          </p>
        )}
        <div class="buttons">
          <Button onClick={onClose}>{w.common.cancel}</Button>
          <Button type="submit" look="primary" disabled={isBusy}>
            {w.settings.changePassword}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function passwordProblem(error: unknown): string {
  const w = words().settings;
  const code = error instanceof MessengerError ? error.code : null;
  if (code === 'unauthorized') return w.wrongPassword;
  return code === 'invalid_payload' ? w.unfitPassword : problemText(error);
}
