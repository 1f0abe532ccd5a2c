import { z } from 'zod';
import { exportedRecordSchema, originSchema, sessionSchema, userSchema } from '../admin';
import { registeredSchema } from '../auth-bodies';
import type { CallContract } from './call-contract';
import { endedSchema, identityId, page } from './call-contract';

/** Of whoever asks, for the audit log: what changes is committed together with its entry. */
const by = originSchema;
const expiresAt = z.string();

export const peopleCalls = {
  createUser: {
    request: z.object({ username: z.string(), password_hash: z.string(), by }),
    response: registeredSchema,
  },
  findUser: {
    request: z.union([z.object({ username: z.string() }), z.object({ user_id: identityId })]),
    response: z.object({
      user: z
        .object({ user_id: identityId, password_hash: z.string(), disabled: z.boolean() })
        .nullable(),
    }),
  },
  listUsers: {
    request: z.object({ username: z.string().optional(), ...page }),
    response: z.object({ users: z.array(userSchema), next_cursor: z.string().nullable() }),
  },
  getUser: { request: z.object({ user_id: identityId }), response: userSchema },
  /**
   * A new password and being disabled end all sessions, but for the one from which the person changed it:
   * `unauthorized` when that has ended, or when `confirmed_hash`, that of the password which the person has confirmed,
   * is no longer its.
   */
  updateUser: {
    request: z.object({
      user_id: identityId,
      password_hash: z.string().optional(),
      disabled: z.boolean().optional(),
      keep_session_id: z.string().optional(),
      confirmed_hash: z.string().optional(),
      by,
    }),
    response: endedSchema.extend({ user: userSchema }),
  },
  /**
   * Its conversations are deleted, its name is free again, and what remains says nothing about it. `session_id` when
   * the person asks: `unauthorized` when that session has ended.
   */
  eraseUser: {
    request: z.object({ user_id: identityId, session_id: z.string().optional(), by }),
    response: endedSchema,
  },
  exportUser: {
    request: z.object({ user_id: identityId, ...page, by }),
    response: z.object({
      records: z.array(exportedRecordSchema),
      next_cursor: z.string().nullable(),
    }),
  },

  createSession: {
    request: z.object({
      user_id: identityId,
      refresh_digest: z.string(),
      expires_at: expiresAt,
      /**
       * The hash that the password was compared with: when it is no longer the person's, there is no session. `rehash`,
       * of the same password, takes its place.
       */
      password: z.object({ hash: z.string(), rehash: z.string().optional() }).optional(),
      by,
    }),
    response: endedSchema.extend({ session_id: z.string() }),
  },
  /**
   * Swaps the digest of a refresh token for another one of its session; one that was swapped before ends the session:
   * `session` is null. For 30 s it is swapped again, while none of its successors was used: its answer may have been
   * lost, or two tabs have asked at once. Each successor may be used.
   */
  rotateSession: {
    request: z.object({
      refresh_digest: z.string(),
      next_digest: z.string(),
      expires_at: expiresAt,
      by,
    }),
    response: endedSchema.extend({
      session: z.object({ session_id: z.string(), user_id: identityId }).nullable(),
    }),
  },
  /** Those that have not ended, newest first; `not_found` for a person that does not exist. */
  listSessions: {
    request: z.object({ user_id: identityId, ...page }),
    response: z.object({ sessions: z.array(sessionSchema), next_cursor: z.string().nullable() }),
  },
  /** Ends all sessions of a person, and its devices with them; `not_found` for one that does not exist. */
  endSessions: { request: z.object({ user_id: identityId, by }), response: endedSchema },
  /**
   * Ends the session of a refresh token, or all of its person when the token was not used; unknown ones are no error.
   */
  endSession: {
    request: z.object({
      refresh_digest: z.string(),
      push_token: z.string().optional(),
      everywhere: z.boolean(),
      by,
    }),
    response: endedSchema,
  },
} as const satisfies Record<string, CallContract>;
