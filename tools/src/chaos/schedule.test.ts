import { createRandom } from './random';
import { FAULTS, schedule, type FaultName, type PlannedFault } from './schedule';

function first(count: number, seed: number, faults: readonly FaultName[] = FAULTS): PlannedFault[] {
  const planned = schedule({
    random: createRandom(seed),
    faults,
    gateways: 3,
    pairs: 4,
    leaseTtlMs: 6_000,
    slowConsumerMs: 4_000,
  });
  return Array.from({ length: count }, () => planned.next().value);
}

test('a seed gives the same faults again, another one others', () => {
  expect(first(40, 7)).toEqual(first(40, 7));
  expect(first(40, 7)).not.toEqual(first(40, 8));
});

test('each fault happens once a round', () => {
  const planned = first(FAULTS.length * 3, 1);
  for (const round of [0, 1, 2]) {
    const names = planned.filter((one) => one.round === round).map(({ fault }) => fault.name);
    expect(names.toSorted()).toEqual(FAULTS.toSorted());
  }
});

test('variants take turns', () => {
  const partitions = first(6, 3, ['partition']).map(({ fault }) =>
    fault.name === 'partition' ? `${fault.from} ${fault.manner}` : '',
  );
  expect(new Set(partitions).size).toBe(6);
  const redis = first(2, 3, ['restart-redis']).map(
    ({ fault }) => fault.name === 'restart-redis' && fault.empty,
  );
  expect(redis.toSorted()).toEqual([false, true]);
});

test('a pause outlasts the lease', () => {
  for (const { fault } of first(20, 5, ['pause-gateway'])) {
    expect(fault.name === 'pause-gateway' && fault.forMs > 6_000).toBe(true);
  }
});
