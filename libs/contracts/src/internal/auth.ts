import { z } from 'zod';
import { originSchema, updateUserSchema, userSchema } from '../admin';
import { createAgentKeySchema, createAgentSchema, createdAgentKeySchema } from '../agent-bodies';
import {
  agentTokenSchema,
  changePasswordSchema,
  deleteAccountSchema,
  jwksSchema,
  loggedInSchema,
  loginByLinkSchema,
  loginLinkSchema,
  loginSchema,
  logoutSchema,
  refreshSchema,
  registeredSchema,
  registerSchema,
  tokensSchema,
} from '../auth-bodies';
import { storedAgentSchema } from '../objects';
import type { CallContract } from './call-contract';
import { endedSchema, identityId } from './call-contract';

const by = originSchema;
const ofUser = z.object({ user_id: identityId, by });
/** The session from which the person asks: `unauthorized` when it has ended. */
const ofSession = ofUser.extend({ session_id: z.string() });
const apiKey = z.object({ api_key: z.string(), by });

/** What auth answers. */
export const authCalls = {
  register: { request: registerSchema.extend({ by }), response: registeredSchema },
  login: {
    request: loginSchema.extend({ by }),
    response: endedSchema.extend({ tokens: loggedInSchema }),
  },
  /**
   * Spends the code. `unauthorized` when it is unknown, spent, too old, or the person has been disabled or has another
   * password since.
   */
  loginByLink: {
    request: loginByLinkSchema.extend({ by }),
    response: endedSchema.extend({ tokens: loggedInSchema }),
  },
  /** `conflict` for a person that is disabled. */
  createLoginLink: { request: ofUser, response: loginLinkSchema },
  /** Null instead of tokens: the refresh token is not valid, or was stolen and its session has ended. */
  refresh: {
    request: refreshSchema.extend({ by }),
    response: endedSchema.extend({ tokens: tokensSchema.nullable() }),
  },
  logout: { request: logoutSchema.extend({ by }), response: endedSchema },
  changePassword: { request: changePasswordSchema.and(ofSession), response: endedSchema },
  deleteAccount: { request: deleteAccountSchema.and(ofSession), response: endedSchema },
  /** For operators: no present password is asked for. */
  updateUser: {
    request: updateUserSchema.and(ofUser),
    response: endedSchema.extend({ user: userSchema }),
  },

  agentToken: { request: apiKey, response: agentTokenSchema },
  /** Whose an API key is; `unauthorized` when it is unknown, wrong, revoked or has run out. */
  verifyApiKey: {
    request: apiKey,
    response: z.object({
      agent_id: identityId,
      key_id: z.string(),
      expires_at: z.string().nullable(),
    }),
  },
  createAgent: {
    request: createAgentSchema.extend({ by }),
    response: z.object({ agent: storedAgentSchema, api_key: z.string(), key_id: z.string() }),
  },
  createAgentKey: {
    request: createAgentKeySchema.extend({ agent_id: identityId, by }),
    response: endedSchema.extend({ key: createdAgentKeySchema }),
  },

  jwks: { request: z.object({}), response: jwksSchema },
} as const satisfies Record<string, CallContract>;
