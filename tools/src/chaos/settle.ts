import { deliverToAllDevices, patiently, recordLogs } from './final-state';
import type { LeaseWatch } from './lease-watch';
import type { Pair } from './pair';
import type { ChaosSystem } from './system';

/** The hold after a close, the sweep, and a busy machine. */
const PRESENCE_MS = 20_000;

/**
 * After the last fault: everybody stops, everything arrives, everything is looked at. What does not come is for the
 * checks.
 */
export async function settle(system: ChaosSystem, leases: LeaseWatch): Promise<void> {
  const { pairs, slow, rivals } = system;
  const all = [...pairs, slow.pair];
  for (const pair of all) pair.stopWriting();
  for (const rival of rivals) rival.stop();
  await patiently(() => all.every(({ pending }) => pending === 0));
  await deliverToAllDevices(system, all);
  const urls = system.gateways.map(({ process }) => process.url);
  await recordLogs(urls, system);
  await checkPresenceOf(system, pairs, leases);
}

/** First everybody is there; then of every three pairs one agent leaves and one person. Whoever watches is told. */
async function checkPresenceOf(
  { recorder }: ChaosSystem,
  pairs: readonly Pair[],
  leases: LeaseWatch,
): Promise<void> {
  await Promise.all(pairs.map(({ options: { agent } }) => agent.watchPerson()));
  const members = pairs.flatMap(({ device, options: { person, agent } }, index) => [
    {
      identity: agent.log.identity,
      isOnline: () => device?.agentStatus !== 'offline',
      leaves: index % 3 === 0,
      leave: () => agent.close(),
    },
    {
      identity: person,
      isOnline: () => agent.log.personStatus !== 'offline',
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
