import { messagesCalls, type Client } from '@agent-messenger/contracts';
import { createClient, type Scope } from '@agent-messenger/service-kit';
import type { Stack } from '@agent-messenger/testkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Messages = Client<typeof messagesCalls>;

/** Who does what is done to the store without a person. */
export const OPERATOR = { actor: { kind: 'admin', id: null }, ip: null } as const;

/** The calls that gateways make, of a stack of our own. */
export function callMessages(stack: Stack, scope: Scope): Messages {
  const secret = readFileSync(join(stack.dataDir, 'internal_jwt_secret'), 'utf8').trim();
  const { internalUrl: url } = stack.messages;
  return createClient(messagesCalls, { url, service: 'messages', secret, scope });
}
