import { entriesOf, groupBy, type Entry, type Violation } from './history';

const RULE = 'one current connection';

interface Life {
  connection: string;
  begunAt: number;
  connectedAt: number;
  /** When each write was sent that was accepted later. */
  accepted: { at: number; client_id: string }[];
}

/**
 * At most one connection of an identity is current. Who superseded whom is only certain from outside when one began
 * after the other was connected: from the newer one's `connected` on, nothing that the older one sends is accepted. Of
 * two that were connecting at the same time, one is superseded: they must not both have writes accepted that were sent
 * when both were connected.
 */
export function checkOneCurrent(history: readonly Entry[]): Violation[] {
  return [...livesByIdentity(history)].flatMap(([identity, lives]) =>
    lives.flatMap((one, index) =>
      lives.slice(index + 1).flatMap((other) => {
        const [older, newer] = one.begunAt <= other.begunAt ? [one, other] : [other, one];
        return conflict(older, newer).map(({ message, at }) => ({
          rule: RULE,
          message,
          about: identity,
          at,
        }));
      }),
    ),
  );
}

function conflict(older: Life, newer: Life): { message: string; at: number }[] {
  const bothAt = Math.max(older.connectedAt, newer.connectedAt);
  const late = (life: Life) => life.accepted.find(({ at }) => at > bothAt);
  const written = late(older);
  if (!written) return [];
  const isCertain = newer.begunAt > older.connectedAt;
  const rival = late(newer);
  if (!isCertain && !rival) return [];
  const message = isCertain
    ? `${older.connection} was superseded by ${newer.connection} and wrote ${written.client_id} after that`
    : `${older.connection} wrote ${written.client_id} and ${newer.connection} wrote ${rival?.client_id} while both were connected`;
  return [{ message, at: written.at }];
}

function livesByIdentity(history: readonly Entry[]): Map<string, Life[]> {
  const acked = new Set(
    entriesOf(history, 'ack').map(({ conversation, client_id }) => `${conversation} ${client_id}`),
  );
  const sends = groupBy(
    entriesOf(history, 'send').filter(({ conversation, client_id }) =>
      acked.has(`${conversation} ${client_id}`),
    ),
    ({ connection = '' }) => connection,
  );
  const begun = new Map(
    entriesOf(history, 'connecting').map(({ connection, at }) => [connection, at]),
  );
  const lives = entriesOf(history, 'connected').flatMap(({ identity, connection, at }) => {
    const begunAt = begun.get(connection);
    const accepted = sends.get(connection) ?? [];
    return begunAt === undefined
      ? []
      : [{ identity, connection, begunAt, connectedAt: at, accepted }];
  });
  return groupBy(lives, ({ identity }) => identity);
}

/** Two connections of an identity that were both connected never have the same epoch. */
export function checkEpochs(history: readonly Entry[]): Violation[] {
  const connected = new Set(entriesOf(history, 'connected').map((entry) => entry.connection_id));
  const holders = new Map<string, string>();
  return entriesOf(history, 'lease').flatMap(({ identity, connection_id, epoch, at }) => {
    if (!connected.has(connection_id)) return [];
    const key = `${identity} ${epoch}`;
    const holder = holders.get(key) ?? connection_id;
    holders.set(key, holder);
    return holder === connection_id
      ? []
      : [
          {
            rule: RULE,
            message: `${holder} and ${connection_id} both had epoch ${epoch}`,
            about: identity,
            at,
          },
        ];
  });
}
