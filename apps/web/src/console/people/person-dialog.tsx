import { MessengerError } from '@agent-messenger/sdk/rest';
import type { LoginLink, User } from '@agent-messenger/contracts';
import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { CopyButton } from '../copy-button';
import { moment } from '../figures';
import { Moment } from '../moment';
import { useOperator } from '../operator';
import { Listing, Problem } from '../table';
import { usePages, useWork } from '../use-work';
import { exportPerson } from './export-person';

interface PersonProps {
  person: User;
  onChanged: () => void;
  onClose: () => void;
}

type Asked = 'disable' | 'endSessions' | 'erase';

export function PersonDialog({ person, onChanged, onClose }: PersonProps) {
  const w = words().console.people;
  const operator = useOperator();
  const { username } = person;
  const user_id = person.id as `usr_${string}`;
  const params = { user_id };
  const [asked, setAsked] = useState<Asked | null>(null);
  const [link, setLink] = useState<LoginLink | 'elsewhere' | null>(null);
  const { problem, isBusy, run } = useWork();
  const listing = usePages('sessions', async (cursor) => {
    const query = { limit: 50, ...(cursor !== undefined && { cursor }) };
    const { sessions, next_cursor } = await operator.request('listSessions', { params, query });
    return { items: sessions, next: next_cursor };
  });

  async function change(work: () => Promise<unknown>): Promise<void> {
    if (!(await run(work))) return;
    onChanged();
    onClose();
  }
  const switchTo = (disabled: boolean) =>
    change(() => operator.request('updateUser', { params, body: { disabled } }));
  const makeLink = () =>
    run(async () => {
      setLink(
        await operator.request('createLoginLink', { params }).catch((error: unknown) => {
          // The route is on the internal port; the person itself is there.
          if (error instanceof MessengerError && error.code === 'not_found') return 'elsewhere';
          throw error;
        }),
      );
    });

  const questions = {
    disable: {
      title: w.disableAsk(username),
      lead: w.disableLead,
      action: w.disable,
      onConfirm: () => void switchTo(true),
    },
    endSessions: {
      title: w.endSessionsAsk(username),
      lead: w.endSessionsLead,
      action: w.endSessions,
      onConfirm: () => void change(() => operator.request('endSessions', { params })),
    },
    erase: {
      title: w.eraseAsk(username),
      lead: w.eraseLead,
      action: w.erase,
      onConfirm: () => void change(() => operator.request('eraseUser', { params })),
    },
  };

  return (
    <Dialog title={username} closeLabel={words().common.close} onClose={onClose}>
      <code>{user_id}</code>
      <Problem text={problem} />
      <div class="row-actions">
        {person.disabled_at === null ? (
          <>
            <Button small disabled={isBusy} onClick={() => void makeLink()}>
              {w.link}
            </Button>
            <Button small look="danger" onClick={() => setAsked('disable')}>
              {w.disable}
            </Button>
          </>
        ) : (
          <Button small disabled={isBusy} onClick={() => void switchTo(false)}>
            {w.enable}
          </Button>
        )}
        <Button
          small
          disabled={isBusy}
          onClick={() => void run(() => exportPerson(operator, user_id))}
        >
          {w.export}
        </Button>
        <Button small look="danger" onClick={() => setAsked('endSessions')}>
          {w.endSessions}
        </Button>
        <Button small look="danger" onClick={() => setAsked('erase')}>
          {w.erase}
        </Button>
      </div>
      <div role="status">{link !== null && <Link to={link} />}</div>
      <h3>{w.sessionsOf(username)}</h3>
      <Listing
        listing={listing}
        empty={words().console.nothing}
        label={w.sessionsOf(username)}
        columns={[w.since, w.lastUsed, w.until]}
        keyOf={({ id }) => id}
        cells={({ created_at, last_used_at, expires_at }) =>
          [created_at, last_used_at, expires_at].map((at) => <Moment key={at} at={at} />)
        }
      />
      {asked !== null && <Confirm {...questions[asked]} onClose={() => setAsked(null)} />}
    </Dialog>
  );
}

function Link({ to }: { to: LoginLink | 'elsewhere' }) {
  const w = words().console.people;
  if (to === 'elsewhere') return <p class="note">{w.linkElsewhere}</p>;
  const fragment = `#link=${to.code}`;
  return (
    <>
      <p>{w.linkLead(moment(to.expires_at))}</p>
      <p class="shown-once">
        <code>{fragment}</code>
        <CopyButton text={fragment} />
      </p>
    </>
  );
}
