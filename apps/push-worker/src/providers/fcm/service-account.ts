import type { Credential } from 'firebase-admin/app';
import { JWT } from 'google-auth-library';
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import type { OriginAgent } from './origin-agent';

const SCOPES = ['https://www.googleapis.com/auth/firebase.messaging'];

export const serviceAccountSchema = z.object({
  project_id: z.string(),
  client_email: z.string(),
  private_key: z.string().refine(isRsaKey),
});
export type ServiceAccount = z.output<typeof serviceAccountSchema>;

/** As firebase-admin's own `cert`, which does not use the agent that it is given when an account is an object. */
export function createCredential(
  account: ServiceAccount,
  { agent, deadlineMs }: { agent: OriginAgent; deadlineMs: number },
): Credential {
  const client = new JWT({
    email: account.client_email,
    key: account.private_key,
    scopes: SCOPES,
    // All sends wait for the token: without a deadline one answer that never comes would end them for good.
    transporterOptions: { agent, timeout: deadlineMs },
  });
  return {
    async getAccessToken() {
      const { token } = await client.getAccessToken();
      const { expiry_date } = client.credentials;
      if (!token || !expiry_date) throw new Error('there is no access token in the answer');
      return {
        access_token: token,
        expires_in: Math.floor((expiry_date - Date.now()) / 1_000),
      };
    },
  };
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
