import { entriesOf, groupBy, type Entry, type Violation } from './history';

/** Positions are 1, 2, 3, …; every acked message is at its position, none is there twice, and none that nobody sent. */
export function checkLog(history: readonly Entry[]): Violation[] {
  const acks = groupBy(entriesOf(history, 'ack'), ({ conversation }) => conversation);
  const sends = groupBy(
    [...entriesOf(history, 'send'), ...entriesOf(history, 'ask')],
    ({ conversation }) => conversation,
  );
  return entriesOf(history, 'log').flatMap(({ conversation, events, at }) => {
    const problems: string[] = [];
    const positions = new Map<string, number>();
    const sent = new Set(sends.get(conversation)?.map(({ client_id }) => client_id));
    events.forEach(({ seq, client_id }, index) => {
      const due = (events[index - 1]?.seq ?? 0) + 1;
      if (seq !== due) problems.push(`event ${seq} is where ${due} should be`);
      if (client_id === null) return;
      const earlier = positions.get(client_id);
      if (earlier !== undefined) problems.push(`${client_id} is at ${earlier} and at ${seq}`);
      else positions.set(client_id, seq);
      if (!sent.has(client_id)) problems.push(`nobody sent ${client_id}, at ${seq}`);
    });
    for (const { client_id, seq } of acks.get(conversation) ?? []) {
      const position = positions.get(client_id);
      if (position !== seq) {
        problems.push(`${client_id} was acked at ${seq} and is at ${position ?? 'no position'}`);
      }
    }
    return problems.map((message) => ({
      rule: 'the log is whole',
      message,
      about: conversation,
      at,
    }));
  });
}
