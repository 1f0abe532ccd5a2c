import { Outbox } from './outbox';

function outboxWith(count: number): Outbox {
  const outbox = new Outbox(10);
  outbox.measure();
  for (let n = 0; n < count; n += 1) outbox.send(n);
  return outbox;
}

test('a message counts when it is acked and received, in either order', () => {
  const outbox = outboxWith(4);
  outbox.ack(10, 5);
  outbox.receive(10, 6);
  outbox.receive(11, 6);
  outbox.ack(11, 7);
  outbox.ack(12, 8);
  outbox.receive(13, 8);

  expect(outbox).toMatchObject({ counted: 2, missing: 1, unanswered: 1 });
});

test('latency counts from the time of sending, or when it should have been', () => {
  const outbox = new Outbox();
  const number = outbox.send(100);

  expect(outbox.ack(number, 103)).toBe(3);
  expect(outbox.receive(number, 107)).toBe(7);
});

test('the warm-up is checked, and not counted', () => {
  const outbox = new Outbox();
  const early = outbox.send(0);
  outbox.measure();
  const late = outbox.send(1);
  for (const number of [early, late]) outbox.ack(number, 2);
  outbox.receive(late, 2);

  expect(outbox.isMeasured(early)).toBe(false);
  expect(outbox).toMatchObject({ counted: 1, missing: 1 });
});

test('a second event for the same message is a duplicate and counts once', () => {
  const outbox = outboxWith(1);
  outbox.ack(10, 1);
  outbox.receive(10, 2);

  expect(outbox.receive(10, 3)).toBeUndefined();
  expect(outbox).toMatchObject({ counted: 1, duplicates: 1, outOfOrder: 0, missing: 0 });
});

test('a message of an earlier phase is a duplicate: that phase waited for it', () => {
  const outbox = outboxWith(1);
  outbox.receive(9, 1);

  expect(outbox).toMatchObject({ duplicates: 1, missing: 0, counted: 0 });
});

test('a message that arrives after a later one is out of order; one that is missing is not', () => {
  const outbox = outboxWith(4);
  for (const number of [10, 12, 11]) outbox.receive(number, 1);

  expect(outbox).toMatchObject({ outOfOrder: 1, duplicates: 0 });
});

test('a refused message is answered, and nobody waits for it', () => {
  const outbox = outboxWith(2);
  outbox.fail('rate_limited');
  outbox.ack(11, 1);
  outbox.receive(11, 1);

  expect(outbox).toMatchObject({ unanswered: 0, missing: 0, counted: 1 });
  expect(outbox.failures).toEqual({ rate_limited: 1 });
});

test('numbers go on from phase to phase', () => {
  const outbox = outboxWith(2);

  expect(new Outbox(outbox.next).send(0)).toBe(12);
});
