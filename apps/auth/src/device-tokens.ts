import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 16;
const FORMAT = /^([\w-]{22})\.([\w-]{43})$/;

/**
 * Names a device from which this account was logged in to before. It is no credential: it only gives the device a
 * failure counter of its own, so that nobody elsewhere can lock it out. It stays valid when the password changes, when
 * the owner needs it most; who steals one gets no more than the attempts of one device.
 */
export interface DeviceTokens {
  /** The device's id; null for what is not a token for this account. */
  read(token: string | undefined, account: string): string | null;
  /** The token of this device, or of a new one. */
  issue(account: string, deviceId: string | null): string;
}

/** @param secret INTERNAL_JWT_SECRET, which outlives the keys of access tokens; a change makes all devices unknown. */
export function createDeviceTokens(secret: string): DeviceTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'agent-messenger device token', 32));
  const mac = (account: string, id: string) =>
    createHmac('sha256', key).update(`${id} ${account}`).digest();

  return {
    read(token, account) {
      const [, id, signature] = FORMAT.exec(token ?? '') ?? [];
      if (id === undefined || signature === undefined) return null;
      return timingSafeEqual(Buffer.from(signature, 'base64url'), mac(account, id)) ? id : null;
    },
    issue(account, deviceId) {
      const id = deviceId ?? randomBytes(ID_BYTES).toString('base64url');
      return `${id}.${mac(account, id).toString('base64url')}`;
    },
  };
}
