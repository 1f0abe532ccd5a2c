import type { SystemStatus } from '@agent-messenger/contracts';
import { useEffect, useState } from 'preact/hooks';
import { words } from '../i18n/i18n';
import { bytes, count } from './figures';
import { useOperator } from './operator';
import { SectionHead } from './section-head';
import { Badge, Problem, Table } from './table';
import { useWork } from './use-work';

const LOOKS = { ok: 'good', down: 'bad', low: 'bad', unknown: 'warn' } as const;

function State({ of }: { of: keyof typeof LOOKS }) {
  return <Badge look={LOOKS[of]}>{words().console.overview[of]}</Badge>;
}

export function OverviewSection() {
  const w = words().console.overview;
  const operator = useOperator();
  const [status, setStatus] = useState<SystemStatus | null>(null);
  const { problem, run } = useWork();
  const load = () => run(async () => setStatus(await operator.request('getStatus', {})));
  useEffect(() => void load(), []);
  return (
    <>
      <SectionHead title={w.title} onRefresh={load} />
      <Problem text={problem} />
      {status && (
        <>
          <h2>{w.services}</h2>
          <Table
            label={w.services}
            columns={[w.service, w.state, w.version]}
            rows={status.services}
            keyOf={({ name }) => name}
            cells={({ name, status: state, version }) => [
              name,
              <State of={state} />,
              version ?? w.unknown,
            ]}
          />
          <Dependencies of={status.dependencies} />
          <Storage of={status.storage} />
          <h2>{w.queues}</h2>
          {status.queues === null ? (
            <p class="note warn">{w.queueAway}</p>
          ) : (
            <Table
              label={w.queues}
              columns={[w.platform, w.mode, w.waiting, w.active, w.delayed, w.dead, w.workers]}
              rows={status.queues}
              keyOf={({ platform }) => platform}
              cells={({ platform, mode, waiting, active, delayed, dead, workers }) => [
                platform,
                w.modes[mode],
                ...[waiting, active, delayed, dead, workers].map(count),
              ]}
            />
          )}
        </>
      )}
    </>
  );
}

function Dependencies({ of }: { of: SystemStatus['dependencies'] }) {
  const w = words().console.overview;
  return (
    <>
      <h2>{w.dependencies}</h2>
      <Table
        label={w.dependencies}
        columns={[w.dependency, w.state, w.latency]}
        rows={Object.entries(of)}
        keyOf={([name]) => name}
        cells={([name, { status, latency_ms, reason }]) => [
          name,
          <>
            <State of={status} /> {reason}
          </>,
          latency_ms === null ? '–' : `${count(latency_ms)} ms`,
        ]}
      />
    </>
  );
}

function Storage({ of }: { of: SystemStatus['storage'] }) {
  const w = words().console.overview;
  const figures: [string, string][] = [
    [w.used, bytes(of.used_bytes)],
    [w.free, bytes(of.free_bytes)],
    [w.reserve, bytes(of.reserve_bytes)],
    [w.atQuota, count(of.at_quota)],
  ];
  return (
    <>
      <h2>{w.storage}</h2>
      <p>
        <State of={of.status} />
      </p>
      <dl class="figures">
        {figures.map(([name, figure]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
