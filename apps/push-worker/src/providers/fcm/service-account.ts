import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';

export const serviceAccountSchema = z.object({
  project_id: z.string(),
  client_email: z.string(),
  private_key: z.string().refine(isRsaKey),
});
export type ServiceAccount = z.output<typeof serviceAccountSchema>;

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
