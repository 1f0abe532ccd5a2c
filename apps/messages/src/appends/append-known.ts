import type { Operation, OperationResult, UnknownOperation } from '@agent-messenger/contracts';
import type { GroupCommit } from './group-commit';

/** To its caller, an operation of a newer version is carried out by a service that is not there yet. */
const UNKNOWN: OperationResult = {
  ok: false,
  error: {
    code: 'unavailable',
    message: 'The store does not know this operation.',
    retry_after_ms: 5_000,
  },
};

/** Appends the operations that this version knows; the others are refused, each by itself. */
export async function appendKnown(
  { append }: Pick<GroupCommit, 'append'>,
  operations: (Operation | UnknownOperation)[],
): Promise<OperationResult[]> {
  const known = operations.filter((operation) => operation.op !== 'unknown');
  const results = known.length > 0 ? await append(known) : [];
  const answers = results.values();
  return operations.map(({ op }) =>
    op === 'unknown' ? UNKNOWN : (answers.next().value ?? UNKNOWN),
  );
}
