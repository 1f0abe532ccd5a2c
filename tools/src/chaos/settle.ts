import { createRest } from '@agent-messenger/sdk';
import { entriesOf, waitFor, type EntryOf } from '@agent-messenger/testkit';
import { inParallel } from '../bench/connect-pairs';
import type { LeaseWatch } from './lease-watch';
import type { Pair } from './pair';
import type { ChaosSystem } from './system';

const QUIET_MS = 60_000;
/** The hold after a close, the sweep, and a busy machine. */
const PRESENCE_MS = 20_000;
const LOG_PAGE = 200;

/** After the last fault: everybody stops, everything arrives, everything is looked at. What does not come is for the checks. */
export async function settle(system: ChaosSystem, leases: LeaseWatch): Promise<void> {
  const { pairs, slow, rivals } = system;
  const all = [...pairs, slow.pair];
  for (const pair of all) pair.stop();
  for (const rival of rivals) rival.stop();
  await patiently(() => all.every(({ pending }) => pending === 0));
  await deliverToAllDevices(system, all);
  await recordLogs(system);
  await checkPresenceOf(system, pairs, leases);
}

/** Waits as long as it may take; what has not happened by then is found by the checks, with its name. */
async function patiently(condition: () => unknown, timeoutMs = QUIET_MS): Promise<void> {
  await waitFor(condition, { timeoutMs, intervalMs: 50 }).catch(() => undefined);
}

async function deliverToAllDevices(
  { recorder, signal }: ChaosSystem,
  pairs: readonly Pair[],
): Promise<void> {
  const last = new Map<string, number>();
  for (const { conversation, seq } of entriesOf(recorder.entries, 'ack')) {
    last.set(conversation, Math.max(seq, last.get(conversation) ?? 0));
  }
  await Promise.all(
    pairs.map(async ({ devices, device, options: { conversation, responder } }) => {
      const seq = last.get(conversation) ?? 0;
      await patiently(() => responder.lastSeq >= seq && (device?.lastSeq ?? 0) >= seq);
      // The other device of the person: it is to end with the same.
      for (const other of devices.filter((each) => each !== device)) {
        await other.login(signal);
        await patiently(() => other.lastSeq >= seq);
      }
    }),
  );
}

async function recordLogs({ recorder, gateways, conversations }: ChaosSystem): Promise<void> {
  const rest = createRest(gateways.map(({ process }) => process.url));
  await inParallel(conversations, async ({ id, reader }) => {
    const { access_token: bearer } = await rest.request('login', { body: reader });
    const events: EntryOf<'log'>['events'] = [];
    for (let more = true; more;) {
      const query = { after_seq: events.at(-1)?.seq ?? 0, limit: LOG_PAGE };
      const params = { conversation_id: id };
      const page = await rest.request('listEvents', { params, query }, { bearer });
      for (const event of page.events) {
        const client_id = event.type === 'message.created' ? event.message.client_id : null;
        events.push({ seq: event.seq, client_id });
      }
      more = page.has_more;
    }
    recorder.record({ type: 'log', conversation: id, events });
  });
}

/** First everybody is there; then of every three pairs one agent leaves and one person. Whoever watches is told. */
async function checkPresenceOf(
  { recorder }: ChaosSystem,
  pairs: readonly Pair[],
  leases: LeaseWatch,
): Promise<void> {
  await Promise.all(pairs.map(({ options: { responder } }) => responder.watchPerson()));
  const members = pairs.flatMap(({ device, options: { person, responder } }, index) => [
    {
      identity: responder.identity,
      isOnline: () => device?.agentStatus !== 'offline',
      leaves: index % 3 === 0,
      leave: () => responder.agent.close(),
    },
    {
      identity: person,
      isOnline: () => responder.personStatus !== 'offline',
      leaves: index % 3 === 1,
      leave: async () => device?.close(),
    },
  ]);
  async function expectOnline(truth: (leaves: boolean) => boolean): Promise<void> {
    await patiently(
      () => members.every(({ isOnline, leaves }) => isOnline() === truth(leaves)),
      PRESENCE_MS,
    );
    await leases.look();
    for (const { identity, leaves } of members) {
      recorder.record({ type: 'expect', identity, online: truth(leaves) });
    }
  }
  await expectOnline(() => true);
  await Promise.all(members.filter(({ leaves }) => leaves).map(({ leave }) => leave()));
  await expectOnline((leaves) => !leaves);
}
