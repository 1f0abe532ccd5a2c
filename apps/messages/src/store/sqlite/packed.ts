/** Ids that are 16 bytes in the file and longer texts everywhere else; a text that is no UUID stays one. */
export type Packed = Buffer | string;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MESSAGE = 'msg_';

export function packUuid(text: string): Packed {
  if (text.length !== 36 || !UUID.test(text)) return text;
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

export function unpackUuid(packed: Packed): string {
  if (typeof packed === 'string') return packed;
  const hex = packed.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function packMessageId(id: string): Packed {
  const packed = id.startsWith(MESSAGE) ? packUuid(id.slice(MESSAGE.length)) : id;
  return typeof packed === 'string' ? id : packed;
}

export function unpackMessageId(packed: Packed): string {
  return typeof packed === 'string' ? packed : MESSAGE + unpackUuid(packed);
}

/** @param at RFC 3339 in UTC with milliseconds */
export function packTime(at: string): number {
  return Date.parse(at);
}

export function unpackTime(ms: number): string {
  return new Date(ms).toISOString();
}
