import type { Changed, Client, Event, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { AppendQueue, ChangeOperation } from '../writes/append-queue';
import type { Connection } from '../connections/connection';

/** Changes that are small whatever message they are on. */
type SmallChange = Extract<ChangeOperation, { op: 'react' | 'choose' }>;
type InTurn = <T>(read: () => Promise<T>) => Promise<T>;

interface Answering {
  /** The reader wants no message with a reaction. */
  isCompact?: boolean;
  inTurn?: InTurn;
}

/**
 * Carries out a reaction or choice. The store answers with what changed; who expects the whole message as well gets it
 * from the log, one page at a time, so that a thousand reactions to a large message are not a thousand copies of it.
 */
export async function answerWhole(
  { appends, readLog }: { appends: AppendQueue; readLog: Client<typeof messagesCalls>['readLog'] },
  operation: SmallChange,
  { isCompact = false, inTurn = (read) => read() }: Answering = {},
): Promise<Changed> {
  const changed = await appends.change(operation);
  if (isCompact || isWhole(changed.event)) return changed;
  const { identity_id, epoch, conversation_id } = operation;
  const { events } = await inTurn(() =>
    readLog({ identity_id, epoch, conversation_id, after_seq: changed.event.seq - 1, limit: 1 }),
  );
  const [event] = events;
  return event?.seq === changed.event.seq ? { ...changed, event } : changed;
}

/** Behind what the connection reads already, and only while it takes what it is sent. */
export function inTurnOf(connection: Connection): InTurn {
  return (read) =>
    connection.page(async () => {
      if (!(await connection.hasRoom()))
        throw new AppError('unavailable', 'The connection has ended');
      return read();
    });
}

function isWhole(event: Event): boolean {
  return event.type !== 'reaction.set' && !('truncated' in event);
}
