import { useState } from 'preact/hooks';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Confirm } from '../ui/confirm';
import { Moment } from './moment';
import { useOperator } from './operator';
import { SectionHead } from './section-head';
import { ACTIONS, Listing, Problem } from './table';
import { usePages, useWork } from './use-work';

export function PushesSection() {
  const w = words().console.pushes;
  const operator = useOperator();
  const [isAsking, setAsking] = useState(false);
  const [replayed, setReplayed] = useState<number | null>(null);
  const { problem, run } = useWork();
  const listing = usePages('pushes', async (cursor) => {
    const query = { limit: 50, ...(cursor !== undefined && { cursor }) };
    const { dead, next_cursor } = await operator.request('listDeadPushes', { query });
    return { items: dead, next: next_cursor };
  });

  async function replay(ids?: string[]): Promise<void> {
    await run(async () => {
      const body = ids === undefined ? {} : { ids };
      setReplayed((await operator.request('replayDeadPushes', { body })).replayed);
    });
    await listing.again();
  }

  return (
    <>
      <SectionHead title={w.title} onRefresh={listing.again}>
        <Button onClick={() => setAsking(true)} disabled={!listing.items?.length}>
          {w.replayAll}
        </Button>
      </SectionHead>
      <p class="console-muted">{w.lead}</p>
      <Problem text={problem} />
      <p role="status">{replayed !== null && w.replayed(replayed)}</p>
      <Listing
        listing={listing}
        empty={w.empty}
        label={w.title}
        columns={[w.at, w.platform, w.person, w.device, w.reason, w.attempts, ACTIONS]}
        keyOf={({ id }) => id}
        cells={({ id, failed_at, platform, user_id, device_id, reason, attempts }) => [
          <Moment at={failed_at} />,
          platform,
          <code>{user_id}</code>,
          device_id,
          reason,
          attempts,
          <Button small onClick={() => void replay([id])}>
            {w.replay}
          </Button>,
        ]}
      />
      {isAsking && (
        <Confirm
          title={w.replayAsk}
          lead={w.replayLead}
          action={w.replayAll}
          onConfirm={() => void replay()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
