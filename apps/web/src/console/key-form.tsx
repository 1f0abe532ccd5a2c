import { useState } from 'preact/hooks';
import { brandLogo, brandName } from '../brand';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Operator } from './operator';
import { Problem } from './table';
import { useWork } from './use-work';

/** The key is typed in each time: nothing of it outlives the page. */
export function KeyForm({ onOpen }: { onOpen: (operator: Operator) => void }) {
  const w = words().console;
  const [key, setKey] = useState('');
  const { problem, isBusy, run } = useWork();

  function open(event: Event): void {
    event.preventDefault();
    const operator = new Operator(key);
    void run(async () => {
      await operator.request('getStatus', {});
      onOpen(operator);
    });
  }

  return (
    <main class="sign-in">
      <form class="sign-in-card" onSubmit={open}>
        <img class="sign-in-logo" src={brandLogo()} alt="" width="48" height="48" />
        <div>
          <h1>
            {brandName()} · {w.title}
          </h1>
          <p class="sign-in-lead">{w.keyLead}</p>
        </div>
        <Field
          label={w.key}
          hint={w.keyHint}
          type="password"
          autoComplete="off"
          required
          autoFocus
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <Problem text={problem} />
        <Button type="submit" look="primary" wide disabled={isBusy || key === ''}>
          {w.open}
        </Button>
      </form>
    </main>
  );
}
