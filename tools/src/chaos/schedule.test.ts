import { createRandom } from './random';
import { FAULTS, schedule, type Fault, type FaultName, type Step } from './schedule';

function stepsOf(seed: number, faults: readonly FaultName[]): Generator<Step, never> {
  return schedule({
    random: createRandom(seed),
    faults,
    gateways: 3,
    replicas: 1,
    pairs: 4,
    leaseTtlMs: 6_000,
    slowConsumerMs: 4_000,
  });
}

function firstSteps(count: number, seed: number, faults: readonly FaultName[] = FAULTS): Step[] {
  const steps = stepsOf(seed, faults);
  return Array.from({ length: count }, () => steps.next().value);
}

function faultsOf({ fault, meanwhile }: Step): Fault[] {
  return meanwhile ? [fault, meanwhile.fault] : [fault];
}

const first = (count: number, seed: number, faults: readonly FaultName[]) =>
  firstSteps(count, seed, faults).flatMap(faultsOf).slice(0, count);

test('a seed gives the same faults again, another one others', () => {
  expect(firstSteps(40, 7)).toEqual(firstSteps(40, 7));
  expect(firstSteps(40, 7)).not.toEqual(firstSteps(40, 8));
});

test('each fault happens once a round', () => {
  const steps = firstSteps(FAULTS.length * 3, 1);
  for (const round of [0, 1, 2]) {
    const own = steps.filter((step) => step.round === round).flatMap(faultsOf);
    expect(own.map(({ name }) => name).toSorted()).toEqual(FAULTS.toSorted());
  }
});

test('about a third of the steps have a second fault, which begins soon', () => {
  const steps = firstSteps(300, 1);
  const both = steps.flatMap(({ meanwhile }) => meanwhile ?? []);
  expect(both.length).toBeGreaterThan(60);
  expect(both.length).toBeLessThan(140);
  expect(Math.max(...both.map(({ afterMs }) => afterMs))).toBeLessThan(500);
  // Each fault is the second one at some time.
  expect(new Set(both.map(({ fault }) => fault.name))).toEqual(new Set(FAULTS));
});

test('variants take turns', () => {
  const partitions = first(6, 3, ['partition']).map((fault) =>
    fault.name === 'partition' ? `${fault.from} ${fault.manner}` : '',
  );
  expect(new Set(partitions).size).toBe(6);
  const redis = first(2, 3, ['restart-redis']).map(
    (fault) => fault.name === 'restart-redis' && fault.empty,
  );
  expect(redis.toSorted()).toEqual([false, true]);
});

test('an upgrade is taken back in the next round', () => {
  const upgrades = first(4, 1, ['upgrade']).map((fault) => fault.name === 'upgrade' && fault.to);
  expect(upgrades).toEqual(['new', 'old', 'new', 'old']);
});

test('a pause outlasts the lease', () => {
  for (const fault of first(20, 5, ['pause-gateway'])) {
    expect(fault.name === 'pause-gateway' && fault.forMs > 6_000).toBe(true);
  }
});
