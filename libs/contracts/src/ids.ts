import { z } from 'zod';

const id = <P extends string>(prefix: P) =>
  z.templateLiteral([z.literal(`${prefix}_`), z.string().regex(/^[0-9A-Za-z-]{1,64}$/)]);

export const userIdSchema = id('usr');
export const agentIdSchema = id('agt');
export const conversationIdSchema = id('cnv');
export const messageIdSchema = id('msg');
export const identityIdSchema = z.union([userIdSchema, agentIdSchema]);

export const identityKindSchema = z.enum(['user', 'agent']);

export type IdentityKind = z.infer<typeof identityKindSchema>;

/** The prefix is the kind: an agent id can never be taken for a user id. */
export function kindOf(identityId: string): IdentityKind {
  return identityId.startsWith('agt_') ? 'agent' : 'user';
}

/** Chosen by the sender; with the sender's id it is the idempotency key of a send. */
export const clientIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ : -');

/** Position in a conversation's log: 1, 2, 3, … without gaps; 0 stands before the first event. */
export const seqSchema = z.int().min(1);
export const positionSchema = z.int().min(0);
