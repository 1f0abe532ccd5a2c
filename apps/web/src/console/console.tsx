import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { brandLogo, brandName } from '../brand';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { Icon, type IconName } from '../ui/icon';
import { AgentsSection } from './agents/agents-section';
import { AuditSection } from './audit-section';
import { ConnectionsSection } from './connections-section';
import { KeyForm } from './key-form';
import { OperatorContext, type Operator } from './operator';
import { OverviewSection } from './overview-section';
import { PeopleSection } from './people/people-section';
import { PushesSection } from './pushes-section';

const SECTIONS = {
  overview: { icon: 'check', Section: OverviewSection },
  agents: { icon: 'chat', Section: AgentsSection },
  people: { icon: 'user', Section: PeopleSection },
  connections: { icon: 'retry', Section: ConnectionsSection },
  audit: { icon: 'clock', Section: AuditSection },
  pushes: { icon: 'bell', Section: PushesSection },
} as const satisfies Record<string, { icon: IconName; Section: () => unknown }>;
type SectionName = keyof typeof SECTIONS;

const NAMES = Object.keys(SECTIONS) as SectionName[];

/** The section that the address names, in its fragment. */
function sectionNow(): SectionName {
  return NAMES.find((name) => location.hash === `#${name}`) ?? 'overview';
}

export function Console() {
  const operator = useSignal<Operator | null>(null);
  const now = operator.value;
  if (!now || now.isRefused.value) {
    return <KeyForm onOpen={(opened) => (operator.value = opened)} />;
  }
  return (
    <OperatorContext.Provider value={now}>
      <Shell onLock={() => (operator.value = null)} />
    </OperatorContext.Provider>
  );
}

function Shell({ onLock }: { onLock: () => void }) {
  const w = words().console;
  const current = useSignal(sectionNow());
  useEffect(() => {
    const onHash = () => (current.value = sectionNow());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  const { Section } = SECTIONS[current.value];
  return (
    <div class="console">
      <header class="console-head">
        <img src={brandLogo()} alt="" width="28" height="28" />
        <span class="console-brand">
          {brandName()} <span class="console-muted">{w.title}</span>
        </span>
        <Button look="quiet" small onClick={onLock}>
          <Icon name="key" small />
          {w.lock}
        </Button>
      </header>
      <nav class="console-nav" aria-label={w.sections}>
        {NAMES.map((name) => (
          <a
            key={name}
            href={`#${name}`}
            aria-current={name === current.value ? 'page' : undefined}
          >
            <Icon name={SECTIONS[name].icon} small />
            {w[name].title}
          </a>
        ))}
      </nav>
      <main class="console-main">
        <Section key={current.value} />
      </main>
    </div>
  );
}
