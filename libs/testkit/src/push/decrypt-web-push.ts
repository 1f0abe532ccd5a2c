import { createDecipheriv, hkdfSync, type ECDH } from 'node:crypto';

const SALT = 16;
const KEY_ID_LENGTH_AT = 20;
const TAG = 16;

/** What a browser does with the body of a push: RFC 8291, one record of RFC 8188 (aes128gcm). */
export function decryptWebPush(body: Buffer, receiver: ECDH, auth: Buffer): string {
  const salt = body.subarray(0, SALT);
  const keyLength = body.readUInt8(KEY_ID_LENGTH_AT);
  const senderKey = body.subarray(KEY_ID_LENGTH_AT + 1, KEY_ID_LENGTH_AT + 1 + keyLength);
  const record = body.subarray(KEY_ID_LENGTH_AT + 1 + keyLength);

  const info = Buffer.concat([Buffer.from('WebPush: info\0'), receiver.getPublicKey(), senderKey]);
  const secret = hkdf(receiver.computeSecret(senderKey), auth, info, 32);
  const key = hkdf(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = hkdf(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);

  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-TAG));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -TAG)), decipher.final()]);
  // The text ends with the delimiter of the last record, 2, and zeros.
  return padded.subarray(0, padded.lastIndexOf(2)).toString();
}

function hkdf(secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}
