import { MessengerError } from '../errors';
import { contract } from './contract';

const { limits } = contract;
/** Of a frame, beside the payload: its type, an id. */
const ENVELOPE_BYTES = 1_024;

/**
 * What is too large for every server: a frame beyond the bound would close each connection that it is repeated on.
 * Anything else is the server's to judge.
 * @throws MessengerError `invalid_payload`
 */
export function checkSize(payload: object): void {
  const { content = '', metadata } = payload as { content?: string; metadata?: object };
  check('content', content, limits.contentBytes);
  if (metadata !== undefined) check('metadata', asJson(metadata), limits.metadataBytes);
  check('payload', asJson(payload), limits.frameBytes - ENVELOPE_BYTES);
}

function check(what: string, text: string, max: number): void {
  // Three bytes per UTF-16 unit is the worst case: most texts need no counting.
  if (text.length * 3 <= max || new TextEncoder().encode(text).length <= max) return;
  throw new MessengerError('invalid_payload', `${what}: must be at most ${max} bytes`);
}

function asJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new MessengerError('invalid_payload', 'metadata: must be JSON', { cause });
  }
}
