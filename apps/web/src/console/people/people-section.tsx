import type { User } from '@agent-messenger/contracts';
import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icon';
import { count } from '../figures';
import { Moment } from '../moment';
import { useOperator } from '../operator';
import { SectionHead } from '../section-head';
import { Badge, Listing } from '../table';
import { usePages } from '../use-work';
import { CreatePersonDialog } from './create-person-dialog';
import { PersonDialog } from './person-dialog';

export function PeopleSection() {
  const w = words().console.people;
  const operator = useOperator();
  const [typed, setTyped] = useState('');
  const [username, setUsername] = useState('');
  const [open, setOpen] = useState<'create' | User | null>(null);
  const listing = usePages(username, async (cursor) => {
    const { users, next_cursor } = await operator.request('listUsers', {
      query: {
        limit: 50,
        ...(cursor !== undefined && { cursor }),
        ...(username !== '' && { username }),
      },
    });
    return { items: users, next: next_cursor };
  });
  const close = () => setOpen(null);
  const changed = () => void listing.again();

  return (
    <>
      <SectionHead title={w.title} onRefresh={listing.again}>
        <Button look="primary" onClick={() => setOpen('create')}>
          <Icon name="plus" small />
          {w.create}
        </Button>
      </SectionHead>
      <form
        class="console-filter"
        onSubmit={(event) => {
          event.preventDefault();
          setUsername(typed.trim().toLowerCase());
        }}
      >
        <Field
          label={w.find}
          type="search"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit">{words().console.audit.apply}</Button>
      </form>
      <Listing
        listing={listing}
        empty={w.empty}
        label={w.title}
        columns={[w.username, w.state, w.lastConnected, w.sessions, w.devices, w.conversations]}
        keyOf={({ id }) => id}
        cells={(user) => [
          <button type="button" class="row-link" onClick={() => setOpen(user)}>
            {user.username}
          </button>,
          <Badge look={user.disabled_at === null ? 'good' : 'bad'}>
            {user.disabled_at === null ? w.enabled : w.disabled}
          </Badge>,
          <Moment at={user.last_connected_at} />,
          ...[user.sessions, user.devices, user.conversations].map(count),
        ]}
      />
      {open === 'create' && <CreatePersonDialog onCreated={changed} onClose={close} />}
      {open !== null && open !== 'create' && (
        <PersonDialog person={open} onChanged={changed} onClose={close} />
      )}
    </>
  );
}
