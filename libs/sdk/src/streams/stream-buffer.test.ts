import { contract } from '../contract/contract';
import { StreamBuffer } from './stream-buffer';

const HALF = '\ud83d';
/** Of a U+FFFD. */
const HALF_BYTES = 3;

function filled(room: number): StreamBuffer {
  const buffer = new StreamBuffer();
  buffer.add('a'.repeat(contract.limits.streamBytes - room));
  return buffer;
}

it('refuses half a character that there is no room for when it is added, not when it is closed', () => {
  const buffer = filled(HALF_BYTES - 1);
  const { text } = buffer;
  expect(() => buffer.add(HALF)).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
  buffer.close();
  expect(buffer.text).toBe(text);
});

it('has room for half a character that stays alone, and for its other half', () => {
  const alone = filled(HALF_BYTES);
  alone.add(HALF);
  expect(() => alone.add('\ude00')).toThrow(expect.objectContaining({ code: 'payload_too_large' }));
  alone.close();
  expect(alone.text.slice(-2)).toBe('a\ufffd');

  const whole = filled(HALF_BYTES + 1);
  whole.add(HALF);
  whole.add('\ude00');
  whole.close();
  expect(whole.text.slice(-3)).toBe('a😀');
});
