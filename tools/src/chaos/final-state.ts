import { createRest, type Message } from '@agent-messenger/sdk';
import { entriesOf, type EntryOf, inParallel, waitFor } from '@agent-messenger/testkit';
import type { Pair } from './pair';
import type { ChaosSystem } from './system';

const QUIET_MS = 60_000;
const LOG_PAGE = 200;

/** Waits as long as it may take; what has not happened by then is found by the checks, with its name. */
export async function patiently(condition: () => unknown, timeoutMs = QUIET_MS): Promise<void> {
  await waitFor(condition, { timeoutMs, intervalMs: 50 }).catch(() => undefined);
}

/** Until each device that is in use has everything, and then the others of the same people, too. */
export async function deliverToAllDevices(
  { recorder, signal }: Pick<ChaosSystem, 'recorder' | 'signal'>,
  pairs: readonly Pair[],
): Promise<void> {
  const last = new Map<string, number>();
  const committed = [
    ...entriesOf(recorder.entries, 'ack'),
    ...entriesOf(recorder.entries, 'chosen'),
  ];
  for (const { conversation, seq } of committed) {
    last.set(conversation, Math.max(seq, last.get(conversation) ?? 0));
  }
  await Promise.all(
    pairs.map(async ({ devices, device, options: { conversation, agent } }) => {
      const seq = last.get(conversation) ?? 0;
      await patiently(() => agent.log.lastSeq >= seq && (device?.lastSeq ?? 0) >= seq);
      // The other device of the person: it is to end with the same.
      for (const other of devices.filter((each) => each !== device)) {
        await other.login(signal);
        await patiently(() => other.lastSeq >= seq);
      }
    }),
  );
}

/** Reads each conversation's log through a gateway. */
export async function recordLogs(
  urls: readonly string[],
  { recorder, conversations }: Pick<ChaosSystem, 'recorder' | 'conversations'>,
): Promise<void> {
  const rest = createRest(urls);
  await inParallel(conversations, async ({ id, reader }) => {
    const { access_token: bearer } = await rest.request('login', { body: reader });
    const events: EntryOf<'log'>['events'] = [];
    for (let more = true; more;) {
      const query = { after_seq: events.at(-1)?.seq ?? 0, limit: LOG_PAGE };
      const params = { conversation_id: id };
      const page = await rest.request('listEvents', { params, query }, { bearer });
      for (const event of page.events) {
        const message = event.type === 'message.created' ? event.message : undefined;
        const { client_id = null, content = null } = message ?? {};
        const choice = event.type === 'action.chosen' ? chosenIn(event.message) : undefined;
        events.push({ seq: event.seq, client_id, content, ...(choice && { choice }) });
      }
      more = page.has_more;
    }
    recorder.record({ type: 'log', conversation: id, events });
  });
}

function chosenIn({ client_id, choice }: Message) {
  return choice && { client_id, action_id: choice.action_id };
}
