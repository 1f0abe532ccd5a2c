import type { AuditEntry } from '@agent-messenger/contracts';
import { useState } from 'preact/hooks';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Moment } from './moment';
import { useOperator } from './operator';
import { SectionHead } from './section-head';
import { Badge, Listing } from './table';
import { usePages } from './use-work';

type Action = AuditEntry['action'];
/** A new action does not compile without its line. */
const ACTIONS: Record<Action, true> = {
  'user.register': true,
  'user.login': true,
  'user.link': true,
  'user.refresh': true,
  'user.logout': true,
  'user.password': true,
  'user.delete': true,
  'agent.authenticate': true,
  'admin.authenticate': true,
  'agent.create': true,
  'agent.update': true,
  'agent.delete': true,
  'key.create': true,
  'key.revoke': true,
  'user.create': true,
  'user.update': true,
  'user.erase': true,
  'user.export': true,
  'session.end': true,
  'connection.end': true,
  'push.replay': true,
};

interface Filter {
  action: Action | '';
  identity_id: string;
}

export function AuditSection() {
  const w = words().console.audit;
  const operator = useOperator();
  const [filter, setFilter] = useState<Filter>({ action: '', identity_id: '' });
  const listing = usePages(JSON.stringify(filter), async (cursor) => {
    const { action, identity_id } = filter;
    const { entries, next_cursor } = await operator.request('listAudit', {
      query: {
        limit: 50,
        ...(cursor !== undefined && { cursor }),
        ...(action !== '' && { action }),
        ...(identity_id !== '' && { identity_id: identity_id as `usr_${string}` }),
      },
    });
    return { items: entries, next: next_cursor };
  });
  return (
    <>
      <SectionHead title={w.title} onRefresh={listing.again} />
      <FilterForm onFilter={setFilter} />
      <Listing
        listing={listing}
        empty={w.empty}
        label={w.title}
        columns={[w.at, w.action, w.result, w.actor, w.target, w.ip]}
        keyOf={({ id }) => id}
        cells={({ at, action, result, count, actor, target, ip }) => [
          <Moment at={at} />,
          action,
          <Badge look={result === 'ok' ? 'good' : 'bad'}>
            {result}
            {count !== undefined && ` ×${count}`}
          </Badge>,
          <code>{actor.id ?? actor.kind}</code>,
          <code>{target ?? '–'}</code>,
          ip ?? '–',
        ]}
      />
    </>
  );
}

function FilterForm({ onFilter }: { onFilter: (filter: Filter) => void }) {
  const w = words().console.audit;
  const [action, setAction] = useState<Filter['action']>('');
  const [identity, setIdentity] = useState('');
  return (
    <form
      class="console-filter"
      onSubmit={(event) => {
        event.preventDefault();
        onFilter({ action, identity_id: identity.trim() });
      }}
    >
      <div class="field">
        <label for="audit-action">{w.action}</label>
        <select
          id="audit-action"
          class="input"
          value={action}
          onChange={(event) => setAction(event.currentTarget.value as Filter['action'])}
        >
          <option value="">{w.allActions}</option>
          {Object.keys(ACTIONS).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </div>
      <Field
        label={w.identity}
        placeholder="usr_… agt_…"
        value={identity}
        onInput={(event) => setIdentity(event.currentTarget.value)}
      />
      <Button type="submit">{w.apply}</Button>
    </form>
  );
}
