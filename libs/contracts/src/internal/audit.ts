import { z } from 'zod';
import { auditActionSchema, auditEntrySchema, auditRecordSchema } from '../admin';
import type { CallContract } from './call-contract';
import { identityId, ok, page } from './call-contract';

export const auditCalls = {
  /** What changed nothing and is worth knowing: refusals, disconnections. */
  recordAudit: {
    request: z.object({ records: z.array(auditRecordSchema).min(1).max(1_000) }),
    response: ok,
  },
  listAudit: {
    request: z.object({
      action: auditActionSchema.optional(),
      identity_id: identityId.optional(),
      ...page,
    }),
    response: z.object({ entries: z.array(auditEntrySchema), next_cursor: z.string().nullable() }),
  },
} as const satisfies Record<string, CallContract>;
