import { z } from 'zod';
import { originSchema } from '../admin';
import {
  agentKeySchema,
  createAgentSchema,
  listedPersonSchema,
  updateAgentSchema,
} from '../agent-bodies';
import { storedAgentSchema } from '../objects';
import type { CallContract } from './call-contract';
import { endedSchema, identityId, ok, page } from './call-contract';

/** Of whoever asks, for the audit log: what changes is committed together with its entry. */
const by = originSchema;
/** Who asks: a person finds the agents that it may talk to, an operator all of them. */
const asking = { user_id: identityId.optional() };
const listing = z.object({ agent_id: identityId, user_id: identityId, by });
const newKey = { key_id: z.string(), key_hash: z.string() };

export const agentCalls = {
  createAgent: {
    request: createAgentSchema.extend({ ...newKey, by }),
    response: storedAgentSchema,
  },
  listAgents: {
    request: z.object({ ...asking, ...page }),
    response: z.object({ agents: z.array(storedAgentSchema), next_cursor: z.string().nullable() }),
  },
  getAgent: {
    request: z.object({ agent_id: identityId, ...asking }),
    response: storedAgentSchema,
  },
  updateAgent: {
    request: updateAgentSchema.and(z.object({ agent_id: identityId, by })),
    response: storedAgentSchema,
  },
  /** Revokes its keys; its conversations remain. */
  deleteAgent: { request: z.object({ agent_id: identityId, by }), response: endedSchema },

  listAgentPeople: {
    request: z.object({ agent_id: identityId, ...page }),
    response: z.object({ people: z.array(listedPersonSchema), next_cursor: z.string().nullable() }),
  },
  addAgentPerson: { request: listing, response: ok },
  removeAgentPerson: { request: listing, response: ok },

  createAgentKey: {
    request: z.object({
      agent_id: identityId,
      ...newKey,
      name: z.string(),
      expires_at: z.string().nullable(),
      /** That key runs out after `overlap_s`, if not before; without an overlap it is revoked. */
      replaces: z.string().optional(),
      overlap_s: z.int().min(0),
      by,
    }),
    response: endedSchema.extend({ key: agentKeySchema }),
  },
  listAgentKeys: {
    request: z.object({ agent_id: identityId, ...page }),
    response: z.object({ keys: z.array(agentKeySchema), next_cursor: z.string().nullable() }),
  },
  revokeAgentKey: {
    request: z.object({ agent_id: identityId, key_id: z.string(), by }),
    response: endedSchema,
  },
  /** A key that is neither revoked nor has run out; notes that it is used. */
  findAgentKey: {
    request: z.object({ key_id: z.string() }),
    response: z.object({
      key: z
        .object({
          agent_id: identityId,
          key_hash: z.string(),
          expires_at: z.string().nullable(),
        })
        .nullable(),
    }),
  },
} as const satisfies Record<string, CallContract>;
