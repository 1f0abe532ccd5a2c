import { z } from 'zod';
import { passwordSchema, timeSchema, usernameSchema } from './text';

export const tokensSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.int(),
  user_id: z.string(),
});
export type Tokens = z.infer<typeof tokensSchema>;

/** Names a device that has logged in before: failures elsewhere do not lock it out. */
const deviceTokenSchema = z.string().min(1).max(512);
export const loggedInSchema = tokensSchema.extend({ device_token: deviceTokenSchema });
export type LoggedIn = z.infer<typeof loggedInSchema>;

export const registerSchema = z.object({ username: usernameSchema, password: passwordSchema });
export const registeredSchema = z.object({ user_id: z.string(), username: z.string() });

/** A password outside the bounds is a wrong password, not a malformed request. */
const presentedPassword = z.string().max(1_024);
export const loginSchema = z.object({
  username: z.string().max(1_024),
  password: presentedPassword,
  device_token: deviceTokenSchema.optional(),
});
/** What a login link carries in its fragment: whom it is for, and a secret. */
export const loginCodeSchema = z.string().min(1).max(512);
export const loginByLinkSchema = z.object({ code: loginCodeSchema });
export const loginLinkSchema = z.object({ code: loginCodeSchema, expires_at: timeSchema });
export type LoginLink = z.infer<typeof loginLinkSchema>;

export const refreshSchema = z.object({ refresh_token: z.string().min(1).max(512) });
export const logoutSchema = refreshSchema.extend({
  push_token: z.string().max(4_096).optional(),
  /** All sessions of the person, and all of its devices. */
  everywhere: z.boolean().default(false),
});
export const changePasswordSchema = z.object({
  current_password: presentedPassword,
  new_password: passwordSchema,
});
export const deleteAccountSchema = z.object({ password: presentedPassword });

export const agentTokenSchema = z.object({
  access_token: z.string(),
  expires_in: z.int(),
  agent_id: z.string(),
});

/** RFC 7517; public keys only. */
export const jwksSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.string(),
      y: z.string(),
      kid: z.string(),
      alg: z.literal('ES256'),
      use: z.literal('sig'),
    }),
  ),
});
export type Jwks = z.infer<typeof jwksSchema>;
