import { entriesOf, groupBy, type Entry, type Violation } from './history';

/** Every acked message reaches every device of its conversation. */
export function checkNothingLost(history: readonly Entry[]): Violation[] {
  const had = new Map<string, Set<string>>();
  const note = (device: string, clientId: string) => {
    const ids = had.get(device);
    if (ids) ids.add(clientId);
    else had.set(device, new Set([clientId]));
  };
  for (const { device, client_id } of entriesOf(history, 'receive')) {
    if (client_id !== null) note(device, client_id);
  }
  for (const { device, client_id } of entriesOf(history, 'load')) note(device, client_id);

  const devices = groupBy(entriesOf(history, 'device'), ({ conversation }) => conversation);
  return entriesOf(history, 'ack').flatMap(({ conversation, client_id, seq, at }) =>
    (devices.get(conversation) ?? [])
      .filter(({ device }) => !had.get(device)?.has(client_id))
      .map(({ device }) => ({
        rule: 'nothing acked is lost',
        message: `${client_id} (seq ${seq}) was acked and never reached ${device}`,
        about: conversation,
        at,
      })),
  );
}

/** An SDK object hands no event over twice, and no device has a message at two positions. */
export function checkNothingDoubled(history: readonly Entry[]): Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  const positions = new Map<string, number>();
  for (const entry of history) {
    if (entry.type !== 'receive' && entry.type !== 'load') continue;
    const { conversation, device, seq, client_id, at } = entry;
    const report = (message: string) =>
      violations.push({ rule: 'nothing is delivered twice', message, about: conversation, at });
    if (entry.type === 'receive') {
      const key = `${entry.session} ${conversation} ${seq}`;
      if (seen.has(key)) report(`${entry.session} got event ${seq} twice`);
      seen.add(key);
    }
    if (client_id === null) continue;
    const message = `${device} ${conversation} ${client_id}`;
    const earlier = positions.get(message) ?? seq;
    if (earlier !== seq) report(`${device} has ${client_id} at ${earlier} and at ${seq}`);
    positions.set(message, earlier);
  }
  return violations;
}

/** An application gets the events of a conversation one after the other, without gaps. */
export function checkReceivedInOrder(history: readonly Entry[]): Violation[] {
  const last = new Map<string, number>();
  return entriesOf(history, 'receive').flatMap(({ session, conversation, seq, at }) => {
    const key = `${session} ${conversation}`;
    const before = last.get(key) ?? seq - 1;
    last.set(key, Math.max(seq, before));
    // The same again is the other rule's.
    return seq === before + 1 || seq === before
      ? []
      : [
          {
            rule: 'events arrive in order',
            message: `${session} got event ${seq} after event ${before}`,
            about: conversation,
            at,
          },
        ];
  });
}

/** What one sender sent earlier has the lower position. */
export function checkSentInOrder(history: readonly Entry[]): Violation[] {
  const seqs = new Map(
    entriesOf(history, 'ack').map(({ conversation, client_id, seq }) => [
      `${conversation} ${client_id}`,
      seq,
    ]),
  );
  const highest = new Map<string, { client_id: string; seq: number }>();
  return entriesOf(history, 'send').flatMap(({ sender, conversation, client_id, at }) => {
    const seq = seqs.get(`${conversation} ${client_id}`);
    if (seq === undefined) return [];
    const key = `${sender} ${conversation}`;
    const before = highest.get(key);
    if (before === undefined || seq > before.seq) highest.set(key, { client_id, seq });
    return before === undefined || seq > before.seq
      ? []
      : [
          {
            rule: 'acked in the order of sending',
            message: `${sender} sent ${before.client_id} first, but ${client_id} is at ${seq}, before ${before.seq}`,
            about: conversation,
            at,
          },
        ];
  });
}

/** Every send gets an answer, if only a refusal. */
export function checkEverythingAnswered(history: readonly Entry[]): Violation[] {
  const answered = new Set(
    history.flatMap((entry) =>
      entry.type === 'ack' || entry.type === 'refused'
        ? [`${entry.conversation} ${entry.client_id}`]
        : [],
    ),
  );
  return entriesOf(history, 'send')
    .filter(
      ({ connection, conversation, client_id }) =>
        // A bare connection that was lost takes the answer with it.
        connection === undefined && !answered.has(`${conversation} ${client_id}`),
    )
    .map(({ sender, conversation, client_id, at }) => ({
      rule: 'every send is answered',
      message: `${client_id} of ${sender} was never answered`,
      about: conversation,
      at,
    }));
}
