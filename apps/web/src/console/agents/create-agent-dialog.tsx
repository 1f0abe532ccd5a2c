import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { CopyButton } from '../copy-button';
import { useOperator } from '../operator';
import { Problem } from '../table';
import { useWork } from '../use-work';
import { publicAddress, SnippetPane } from './snippet-pane';

interface Created {
  name: string;
  apiKey: string;
  /** For the programs, which are copied at once. */
  address: string;
}

/** A form, and then the key with the programs to paste: it is shown this once. */
export function CreateAgentDialog({
  onCreated,
  onClose,
}: {
  onCreated: () => void;
  onClose: () => void;
}) {
  const w = words().console.agents;
  const [created, setCreated] = useState<Created | null>(null);
  return (
    <Dialog
      title={created ? w.created(created.name) : w.create}
      closeLabel={words().common.close}
      onClose={onClose}
    >
      {created ? (
        <>
          <p>{w.keyOnce}</p>
          <p class="shown-once">
            <code>{created.apiKey}</code>
            <CopyButton text={created.apiKey} />
          </p>
          <SnippetPane apiKey={created.apiKey} address={created.address} />
        </>
      ) : (
        <CreateForm
          onCreated={(one) => {
            setCreated(one);
            onCreated();
          }}
        />
      )}
    </Dialog>
  );
}

function CreateForm({ onCreated }: { onCreated: (created: Created) => void }) {
  const w = words().console.agents;
  const operator = useOperator();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [access, setAccess] = useState<'everyone' | 'listed'>('everyone');
  const { problem, isBusy, run } = useWork();

  function create(event: Event): void {
    event.preventDefault();
    void run(async () => {
      const body = { name, access, ...(description !== '' && { description }) };
      const [{ agent, api_key }, address] = await Promise.all([
        operator.request('createAgent', { body }),
        publicAddress(),
      ]);
      onCreated({ name: agent.name, apiKey: api_key, address });
    });
  }

  return (
    <form class="console-form" onSubmit={create}>
      <Field
        label={w.name}
        required
        maxLength={80}
        autoFocus
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <Field
        label={w.description}
        hint={w.descriptionHint}
        value={description}
        onInput={(event) => setDescription(event.currentTarget.value)}
      />
      <div class="field">
        <label for="agent-access">{w.access}</label>
        <select
          id="agent-access"
          class="input"
          value={access}
          onChange={(event) => setAccess(event.currentTarget.value as typeof access)}
        >
          <option value="everyone">{w.everyone}</option>
          <option value="listed">{w.listed}</option>
        </select>
      </div>
      <Problem text={problem} />
      <Button type="submit" look="primary" wide disabled={isBusy || name.trim() === ''}>
        {w.create}
      </Button>
    </form>
  );
}
