import { agentCalls } from './agents';
import { auditCalls } from './audit';
import type { CallContract } from './call-contract';
import { connectionCalls } from './connections';
import { conversationCalls } from './conversations';
import { peopleCalls } from './people';
import { pushCalls } from './push';
import { storageCalls } from './storage';

export { authCalls } from './auth';
export * from './call-contract';
export { MOST_COUNTED_CONVERSATIONS, type Pending } from './connections';
export * from './operations';
export { MOST_PUSHES } from './push';

/** What messages answers. */
export const messagesCalls = {
  ...peopleCalls,
  ...agentCalls,
  ...auditCalls,
  ...connectionCalls,
  ...conversationCalls,
  ...pushCalls,
  ...storageCalls,
} as const satisfies Record<string, CallContract>;
