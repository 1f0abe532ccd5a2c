import { useEffect, useState } from 'preact/hooks';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Confirm } from '../ui/confirm';
import { useOperator } from './operator';
import { SectionHead } from './section-head';
import { ACTIONS, Listing, Problem } from './table';
import { usePages, useWork } from './use-work';

const REFRESH_MS = 5_000;

export function ConnectionsSection() {
  const w = words().console.connections;
  const operator = useOperator();
  const [asked, setAsked] = useState<string | null>(null);
  const { problem, run } = useWork();
  const listing = usePages('connections', async (cursor) => {
    const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
    const { connections, next_cursor } = await operator.request('listConnections', { query });
    return { items: connections, next: next_cursor };
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void listing.renew();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);

  async function end(identity_id: string): Promise<void> {
    await run(() => operator.request('endConnection', { params: { identity_id } }));
    await listing.again();
  }

  return (
    <>
      <SectionHead title={w.title} onRefresh={listing.again} />
      <p class="console-muted">{w.lead}</p>
      <Problem text={problem} />
      <Listing
        listing={listing}
        empty={w.empty}
        label={w.title}
        columns={[w.who, w.status, w.gateway, w.credential, ACTIONS]}
        keyOf={({ connection_id }) => connection_id}
        cells={({ identity_id, status, gateway_id, credential_id }) => [
          <code>{identity_id}</code>,
          status,
          <code>{gateway_id}</code>,
          <code>{credential_id}</code>,
          <Button look="danger" small onClick={() => setAsked(identity_id)}>
            {w.end}
          </Button>,
        ]}
      />
      {asked !== null && (
        <Confirm
          title={w.endAsk(asked)}
          lead={w.endLead}
          action={w.end}
          onConfirm={() => void end(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}
