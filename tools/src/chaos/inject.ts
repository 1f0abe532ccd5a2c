import { MessengerError } from '@agent-messenger/sdk';
import { setTimeout as delay } from 'node:timers/promises';
import type { Device } from './device';
import type { Pair } from './pair';
import { KILLED_AGENTS, type Fault } from './schedule';
import type { ChaosGateway, ChaosSystem } from './system';

const LATENCY_MS = 700;
const METRICS_MS = 300;
/** More than the buffers between a gateway and a reader that has stopped. */
const BURST = { messages: 120, characters: 50_000 };

/** Does it and undoes it: resolves when what was broken is whole again. */
export async function inject(fault: Fault, system: ChaosSystem): Promise<void> {
  const { stack, database, signal } = system;
  const wait = (ms: number) => delay(ms, undefined, { signal });
  switch (fault.name) {
    case 'kill-gateway':
      return (await gatewayAt(system, fault.gateway)).process.crash();
    case 'kill-messages':
      return stack.replicas[fault.replica]?.crash();
    case 'kill-postgres':
      await database.kill();
      await wait(fault.downMs);
      return database.start();
    case 'failover':
      return database.failOver();
    case 'restart-redis':
      await stack.redis.kill();
      await wait(fault.downMs);
      return stack.redis.start({ empty: fault.empty });
    case 'pause-gateway': {
      const { process } = await gatewayAt(system, fault.gateway);
      process.pause();
      await wait(fault.forMs).finally(() => process.resume());
      return;
    }
    case 'partition': {
      const proxies = (await gatewayAt(system, fault.gateway))[fault.from];
      for (const proxy of proxies) {
        if (fault.manner === 'cut') proxy.cut();
        else if (fault.manner === 'half-open') proxy.halfOpen();
        else proxy.latency(LATENCY_MS);
      }
      await wait(fault.forMs).finally(() => proxies.forEach((proxy) => proxy.heal()));
      return;
    }
    case 'slow-reader':
      return readSlowly(system, fault.forMs);
    case 'deploy':
      for (const { process } of system.gateways) await process.restart();
      return;
    case 'upgrade':
      return upgrade(system, fault.to);
    case 'take-over':
      return takeOver(system, fault);
    case 'kill-agents':
      await Promise.all(killedBy(fault, system).map(({ options }) => options.agent.restart()));
  }
}

/** In the order of docs/operations.md: whoever asks is not newer than who is asked. */
async function upgrade({ stack, gateways, builds }: ChaosSystem, to: 'new' | 'old'): Promise<void> {
  const entries = builds[to];
  const steps = [
    ...stack.replicas.map((service) => ({ service, entry: entries.messages })),
    { service: stack.auth, entry: entries.auth },
    { service: stack.pushWorker, entry: entries['push-worker'] },
    ...gateways.map(({ process }) => ({ service: process, entry: entries.gateway })),
  ];
  for (const { service, entry } of to === 'new' ? steps : steps.toReversed()) {
    await service.restart(entry);
  }
}

/** The pairs whose agents it ends. */
export function killedBy(
  { pair }: { pair: number },
  { pairs }: Pick<ChaosSystem, 'pairs'>,
): Pair[] {
  return [...pairs.slice(pair), ...pairs.slice(0, pair)].slice(0, KILLED_AGENTS);
}

async function gatewayAt({ gateways }: ChaosSystem, rank: number): Promise<ChaosGateway> {
  const counted = await Promise.all(
    gateways.map(async (gateway) => ({ gateway, size: await connectionsOf(gateway) })),
  );
  const found = counted.toSorted((a, b) => b.size - a.size)[rank];
  if (!found) throw new RangeError(`there is no gateway ${rank}`);
  return found.gateway;
}

/** 0 of one that does not answer: another fault is at it. */
async function connectionsOf({ process }: ChaosGateway): Promise<number> {
  const signal = AbortSignal.timeout(METRICS_MS);
  const metrics = await fetch(`${process.internalUrl}/metrics`, { signal })
    .then((answer) => answer.text())
    .catch(() => '');
  const [, count] = /^gateway_connections (\d+)$/m.exec(metrics) ?? [];
  return Number(count ?? 0);
}

/** The person reads nothing while the agent writes much. */
async function readSlowly(system: ChaosSystem, forMs: number): Promise<void> {
  const { slow, recorder, signal } = system;
  slow.link.halfOpen();
  const stamp = Math.round(recorder.now);
  const content = 'x'.repeat(BURST.characters);
  for (let n = 1; n <= BURST.messages; n += 1) {
    slow.pair.options.agent.say(`burst-${stamp}.${n}`, content);
  }
  await delay(forMs, undefined, { signal }).finally(() => slow.link.heal());
}

/** Another device of the person logs in; the one before it logs in again after a while. */
async function takeOver(
  { pairs, signal }: ChaosSystem,
  { pair: index, forMs }: { pair: number; forMs: number },
): Promise<void> {
  const pair = pairs[index];
  const first = pair?.device;
  const second = pair?.devices.find((device) => device !== first);
  if (!first || !second) throw new Error('a pair has two devices, one of them logged in');
  await takeOverBy(second, signal);
  await delay(forMs, undefined, { signal });
  // It was offline when the other one came, and has come back by itself.
  if (!first.isConnected) await takeOverBy(first, signal);
}

/** Unless the other device comes back at the same time, of another fault: the newest wins. */
async function takeOverBy(device: Device, signal: AbortSignal): Promise<void> {
  await device.login(signal).catch((error: unknown) => {
    if (!(error instanceof MessengerError && error.code === 'replaced')) throw error;
  });
}
