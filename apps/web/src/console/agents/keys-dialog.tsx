import type { AdminAgent, AgentKey } from '@agent-messenger/contracts';
import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { CopyButton } from '../copy-button';
import { moment } from '../figures';
import { Moment } from '../moment';
import { useOperator } from '../operator';
import { ACTIONS, Badge, Listing, Problem } from '../table';
import { usePages, useWork } from '../use-work';

/** How long the old key goes on beside the new one, s. */
const OVERLAP_S = 3_600;

export function KeysDialog({ agent, onClose }: { agent: AdminAgent; onClose: () => void }) {
  const w = words().console.agents;
  const operator = useOperator();
  const params = { agent_id: agent.id };
  const [asked, setAsked] = useState<{ what: 'rotate' | 'revoke'; key: AgentKey } | null>(null);
  const [rotated, setRotated] = useState<string | null>(null);
  const { problem, run } = useWork();
  const listing = usePages('keys', async (cursor) => {
    const query = { limit: 50, ...(cursor !== undefined && { cursor }) };
    const { keys, next_cursor } = await operator.request('listAgentKeys', { params, query });
    return { items: keys, next: next_cursor };
  });

  async function rotate({ key_id, name }: AgentKey): Promise<void> {
    const body = { name, replaces: key_id, overlap_s: OVERLAP_S };
    await run(async () => {
      setRotated((await operator.request('createAgentKey', { params, body })).api_key);
    });
    await listing.again();
  }

  async function revoke({ key_id }: AgentKey): Promise<void> {
    await run(() => operator.request('revokeAgentKey', { params: { ...params, key_id } }));
    await listing.again();
  }

  return (
    <Dialog title={w.keysOf(agent.name)} closeLabel={words().common.close} onClose={onClose}>
      <Problem text={problem} />
      <div role="status">
        {rotated !== null && (
          <>
            <p>{w.rotated}</p>
            <p class="shown-once">
              <code>{rotated}</code>
              <CopyButton text={rotated} />
            </p>
          </>
        )}
      </div>
      <Listing
        listing={listing}
        empty={words().console.nothing}
        label={w.keysOf(agent.name)}
        columns={[w.keyName, w.keyState, w.keyLastUsed, ACTIONS]}
        keyOf={({ key_id }) => key_id}
        cells={(key) => [
          <>
            {key.name}
            <br />
            <code>{key.key_id}</code>
          </>,
          <KeyState of={key} />,
          <Moment at={key.last_used_at} />,
          key.revoked_at === null && (
            <span class="row-actions">
              <Button small onClick={() => setAsked({ what: 'rotate', key })}>
                {w.rotate}
              </Button>
              <Button small look="danger" onClick={() => setAsked({ what: 'revoke', key })}>
                {w.revoke}
              </Button>
            </span>
          ),
        ]}
      />
      {asked?.what === 'rotate' && (
        <Confirm
          title={w.rotateAsk(asked.key.name)}
          lead={w.rotateLead}
          action={w.rotate}
          onConfirm={() => void rotate(asked.key)}
          onClose={() => setAsked(null)}
        />
      )}
      {asked?.what === 'revoke' && (
        <Confirm
          title={w.revokeAsk(asked.key.name)}
          lead={w.revokeLead}
          action={w.revoke}
          onConfirm={() => void revoke(asked.key)}
          onClose={() => setAsked(null)}
        />
      )}
    </Dialog>
  );
}

function KeyState({ of: { revoked_at, expires_at } }: { of: AgentKey }) {
  const w = words().console.agents;
  if (revoked_at !== null) return <Badge look="plain">{w.revoked}</Badge>;
  if (expires_at !== null) return <Badge look="warn">{w.ends(moment(expires_at))}</Badge>;
  return <Badge look="good">{w.valid}</Badge>;
}
