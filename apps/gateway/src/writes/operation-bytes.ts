import type { Operation } from '@agent-messenger/contracts';
import { jsonBytes } from '@agent-messenger/service-kit';

type SizedFields = Pick<
  Extract<Operation, { op: 'send' | 'finish' }>,
  'content' | 'metadata' | 'actions'
>;

/** UTF-8 bytes of what an operation brings into the store, as JSON: the rest of it is small. */
export function operationBytes({ content = '', metadata, actions }: SizedFields): number {
  return (
    textBytes(content) + (metadata ? jsonBytes(metadata) : 0) + (actions ? jsonBytes(actions) : 0)
  );
}

/** As JSON, without its quotes. */
export function textBytes(text: string): number {
  return jsonBytes(text) - 2;
}
