import type { Scope } from '@agent-messenger/service-kit';
import type { Credential } from 'firebase-admin/app';
import { JWT } from 'google-auth-library';
import { fetch, Pool, type RequestInit } from 'undici';
import type { ServiceAccount } from './service-account';

const SCOPES = ['https://www.googleapis.com/auth/firebase.messaging'];

interface CredentialOptions {
  /** Where access tokens come from. */
  origin: string;
  deadlineMs: number;
}

/** As firebase-admin's own `cert`, whose token server is fixed. */
export function createCredential(
  account: ServiceAccount,
  { origin, deadlineMs }: CredentialOptions,
  { scope }: { scope: Scope },
): Credential {
  const pool = new Pool(origin, { connections: 1 });
  scope.defer('fcm token server', () => pool.destroy());
  const client = new JWT({
    email: account.client_email,
    key: account.private_key,
    scopes: SCOPES,
    transporterOptions: {
      fetchImplementation: ((url: URL, init: RequestInit) =>
        fetch(url, { ...init, dispatcher: pool })) as unknown as typeof globalThis.fetch,
      // All sends wait for the token: an answer that never comes would end them for good.
      timeout: deadlineMs,
    },
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
