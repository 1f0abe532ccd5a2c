import {
  LIMITS,
  type AgentKey,
  type CallResponse,
  type messagesCalls,
  type Origin,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { z } from 'zod';
import { decodeCursor } from './cursors';
import { cutPage } from './pages';
import type { Store } from './store';

export type KeyCalls = Pick<
  Store,
  'createAgentKey' | 'listAgentKeys' | 'revokeAgentKey' | 'findAgentKey'
>;

export interface NewKey {
  key_id: string;
  agent_id: string;
  key_hash: string;
  name: string;
  expires_at: string | null;
}

export interface Revocation {
  agent_id: string;
  key_id: string;
  by: Origin;
}

export interface FoundKey {
  agent_id: string;
  key_hash: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** How exact `last_used_at` is: a commit for every use would cost agents that reconnect often. */
const USE_NOTED_EVERY_MS = 60_000;

/** Whether a use at `at` is to be noted. */
export function isUseDue(lastUsedAt: string | null, at: Date): boolean {
  return Date.parse(lastUsedAt ?? '1970') <= at.getTime() - USE_NOTED_EVERY_MS;
}

export function noSuchKey(): AppError {
  return new AppError('not_found', 'This agent has no such key.');
}

/** @throws AppError `invalid_payload` when the key would end before it begins */
export function checkExpiry({ expires_at }: NewKey, at: string): void {
  if (expires_at !== null && expires_at <= at) {
    throw new AppError('invalid_payload', 'expires_at is in the past.');
  }
}

/** @throws AppError `conflict` when the agent has as many keys as it may */
export function checkKeyCount(active: number): void {
  if (active >= LIMITS.keysPerAgent) {
    throw new AppError('conflict', `An agent has at most ${LIMITS.keysPerAgent} keys.`);
  }
}

/** When a key ends that another one takes the place of at `at`, if it does not end before. */
export function endOfOverlap(at: string, overlap_s: number): string {
  return new Date(Date.parse(at) + overlap_s * 1_000).toISOString();
}

type KeyCursor = Pick<AgentKey, 'created_at' | 'key_id'>;
const cursorSchema: z.ZodType<KeyCursor> = z.object({ created_at: z.string(), key_id: z.string() });

/** Keys are listed newest first: below which one the page begins. */
export function keysBefore(cursor: string | undefined): KeyCursor {
  return cursor === undefined
    ? { created_at: '9999', key_id: '' }
    : decodeCursor(cursorSchema, cursor);
}

/** @param found one more than the page may have, where there are more */
export function toKeyPage(
  found: readonly AgentKey[],
  limit: number,
): CallResponse<typeof messagesCalls, 'listAgentKeys'> {
  const { taken, next_cursor } = cutPage(found, limit, ({ created_at, key_id }) => ({
    created_at,
    key_id,
  }));
  return { keys: taken, next_cursor };
}
