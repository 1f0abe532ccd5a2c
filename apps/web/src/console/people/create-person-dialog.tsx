import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { useOperator } from '../operator';
import { Problem } from '../table';
import { useWork } from '../use-work';

interface CreatePersonProps {
  onCreated: () => void;
  onClose: () => void;
}

export function CreatePersonDialog({ onCreated, onClose }: CreatePersonProps) {
  const w = words().console.people;
  const operator = useOperator();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { problem, isBusy, run } = useWork();

  async function create(event: Event): Promise<void> {
    event.preventDefault();
    const body = { username, password };
    if (!(await run(() => operator.request('createUser', { body })))) return;
    onCreated();
    onClose();
  }

  return (
    <Dialog title={w.create} closeLabel={words().common.close} onClose={onClose}>
      <form class="console-form" onSubmit={(event) => void create(event)}>
        <Field
          label={w.username}
          required
          autoComplete="off"
          autoFocus
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
        <Field
          label={w.password}
          hint={w.passwordHint}
          type="password"
          autoComplete="new-password"
          required
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Problem text={problem} />
        <Button type="submit" look="primary" wide disabled={isBusy}>
          {w.create}
        </Button>
      </form>
    </Dialog>
  );
}
