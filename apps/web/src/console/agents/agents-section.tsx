import type { AdminAgent } from '@agent-messenger/contracts';
import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Icon } from '../../ui/icon';
import { Moment } from '../moment';
import { useOperator } from '../operator';
import { SectionHead } from '../section-head';
import { ACTIONS, Badge, Listing, Problem } from '../table';
import { usePages, useWork } from '../use-work';
import { CreateAgentDialog } from './create-agent-dialog';
import { KeysDialog } from './keys-dialog';

type Open = { dialog: 'create' } | { dialog: 'keys' | 'delete'; agent: AdminAgent };

export function AgentsSection() {
  const w = words().console.agents;
  const operator = useOperator();
  const [open, setOpen] = useState<Open | null>(null);
  const { problem, run } = useWork();
  const listing = usePages('agents', async (cursor) => {
    const query = { limit: 50, ...(cursor !== undefined && { cursor }) };
    const { agents, next_cursor } = await operator.request('adminListAgents', { query });
    return { items: agents, next: next_cursor };
  });
  const close = () => setOpen(null);

  async function remove(agent: AdminAgent): Promise<void> {
    await run(() => operator.request('deleteAgent', { params: { agent_id: agent.id } }));
    await listing.again();
  }

  return (
    <>
      <SectionHead title={w.title} onRefresh={listing.again}>
        <Button look="primary" onClick={() => setOpen({ dialog: 'create' })}>
          <Icon name="plus" small />
          {w.create}
        </Button>
      </SectionHead>
      <Problem text={problem} />
      <Listing
        listing={listing}
        empty={w.empty}
        label={w.title}
        columns={[w.name, w.status, w.lastSeen, w.access, ACTIONS]}
        keyOf={({ id }) => id}
        cells={(agent) => [
          <>
            <strong>{agent.name}</strong>
            <br />
            <code>{agent.id}</code>
          </>,
          <Badge look={agent.status === 'offline' ? 'plain' : 'good'}>{agent.status}</Badge>,
          <Moment at={agent.last_seen} />,
          agent.access === 'listed' ? w.listed : w.everyone,
          <span class="row-actions">
            <Button small onClick={() => setOpen({ dialog: 'keys', agent })}>
              {w.keys}
            </Button>
            <Button small look="danger" onClick={() => setOpen({ dialog: 'delete', agent })}>
              {w.delete}
            </Button>
          </span>,
        ]}
      />
      {open?.dialog === 'create' && (
        <CreateAgentDialog onCreated={() => void listing.again()} onClose={close} />
      )}
      {open?.dialog === 'keys' && <KeysDialog agent={open.agent} onClose={close} />}
      {open?.dialog === 'delete' && (
        <Confirm
          title={w.deleteAsk(open.agent.name)}
          lead={w.deleteLead}
          action={w.delete}
          onConfirm={() => void remove(open.agent)}
          onClose={close}
        />
      )}
    </>
  );
}
