import { useEffect, useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Dialog } from '../../ui/dialog';
import { Avatar } from '../avatar';
import { useMessenger } from '../messenger-context';
import { problemText } from '../problem-text';

export function NewConversation({ onClose }: { onClose: () => void }) {
  const messenger = useMessenger();
  const w = words();
  const [query, setQuery] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => void messenger.loadAgents().catch(() => undefined), []);
  const wanted = query.trim().toLowerCase();
  const agents = messenger.agents.value.filter(({ name, description }) =>
    `${name} ${description ?? ''}`.toLowerCase().includes(wanted),
  );

  async function open(agentId: string): Promise<void> {
    if (!messenger.client) return setProblem(w.create.offline);
    setBusy(true);
    try {
      const { id } = await messenger.client.openConversation({ agent_id: agentId });
      messenger.refresh();
      messenger.route.go(id);
      onClose();
    } catch (error) {
      setProblem(problemText(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title={w.create.title} closeLabel={w.common.close} onClose={onClose}>
      {messenger.agents.value.length > 6 && (
        <input
          class="input"
          type="search"
          aria-label={w.create.filter}
          placeholder={w.create.filter}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      )}
      {problem !== null && (
        <p class="note bad" role="alert">
          {problem}
        </p>
      )}
      {messenger.agents.value.length === 0 && (
        <div class="empty">
          <h3>{w.create.none}</h3>
          <p>{w.create.noneLead}</p>
        </div>
      )}
      <ul class="agent-choices">
        {agents.map(({ id, name, description, model, status }) => (
          <li key={id}>
            <button
              type="button"
              class="agent-choice"
              disabled={isBusy}
              onClick={() => void open(id)}
            >
              <Avatar name={name} id={id} status={messenger.presence.value.get(id) ?? status} />
              <span>
                <strong dir="auto">{name}</strong>
                <small dir="auto">{description ?? model ?? w.presence[status]}</small>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
