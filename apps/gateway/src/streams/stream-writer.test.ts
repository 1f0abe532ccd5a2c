import { LIMITS } from '@agent-messenger/contracts';
import type { Appended } from './append-batch';
import { Beat } from './beat';
import { StreamWriter, type StreamWriterOptions } from './stream-writer';

const BEAT_MS = 10;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const sizeOf = (text: string) => ({ length: text.length, bytes: Buffer.byteLength(text) });

/** A writer whose Redis answers at once, and the pieces that came there, with when. */
function setup() {
  const pieces: { at: number; text: string }[] = [];
  const from = performance.now();
  const states: Parameters<StreamWriterOptions['onState']>[0][] = [];
  let stored = '';
  const writer = new StreamWriter(sizeOf(stored), {
    beat: new Beat(BEAT_MS),
    append: ({ text }) => {
      pieces.push({ at: performance.now() - from, text });
      stored += text;
      return Promise.resolve({ status: 'ok', ...sizeOf(stored), stopped: false });
    },
    onState: (state) => void states.push(state),
    onStopped: () => undefined,
    onLost: () => undefined,
  });
  /** When each unit was written, ms. */
  const written: number[] = [];
  const write = () => {
    writer.append(written.length, 'x');
    written.push(performance.now() - from);
  };
  /** How long each unit waited, ms. */
  const waits = () => {
    const handedOver = pieces.flatMap(({ at, text }) => [...text].map(() => at));
    return handedOver.map((at, unit) => at - (written[unit] ?? NaN));
  };
  return { writer, pieces, states, write, waits };
}

test('what comes faster goes out together, 20 times a second', async () => {
  const { pieces, write } = setup();
  for (let n = 0; n < 200; n += 1) {
    write();
    await jest.advanceTimersByTimeAsync(10);
  }
  expect(pieces[0]).toEqual({ at: 0, text: 'x' });
  const most = 2 * LIMITS.streamAppendsPerSecond + 1;
  expect(pieces.length).toBeLessThanOrEqual(most);
  expect(pieces.length).toBeGreaterThanOrEqual(most - 2);
});

test('what comes 20 times a second waits for a beat at most, also after some came late', async () => {
  const { pieces, write, waits } = setup();
  const jitters = [0, 9, 3, 14, 1, 20, 7, 2, 16, 4];
  for (let n = 0; n < 40; n += 1) {
    const jitter = jitters[n % jitters.length] ?? 0;
    await jest.advanceTimersByTimeAsync(jitter);
    write();
    await jest.advanceTimersByTimeAsync(50 - jitter);
  }
  await jest.advanceTimersByTimeAsync(BEAT_MS);
  expect(pieces).toHaveLength(40);
  expect(Math.max(...waits())).toBeLessThanOrEqual(BEAT_MS);
});

test('the first after a pause goes out at once', async () => {
  const { pieces, write } = setup();
  write();
  await jest.advanceTimersByTimeAsync(1_003);
  write();
  await jest.advanceTimersByTimeAsync(0);
  expect(pieces.map(({ at }) => at)).toEqual([0, 1_003]);
});

test('what many streams have is handed over together, on beats', async () => {
  const beat = new Beat(BEAT_MS);
  const turns: number[] = [];
  for (let n = 0; n < 100; n += 1) {
    beat.after(0, () => turns.push(performance.now()));
    await jest.advanceTimersByTimeAsync(1);
  }
  await jest.advanceTimersByTimeAsync(BEAT_MS);
  expect(turns).toHaveLength(100);
  const beats = [...new Set(turns)];
  expect(beats).toHaveLength(11);
  expect(beats.every((at, n) => n === 0 || at - (beats[n - 1] ?? NaN) === BEAT_MS)).toBe(true);
});

test('an append too many is refused alone, whatever it would have gone out with', async () => {
  const { writer, pieces, states } = setup();
  const half = 'é'.repeat(LIMITS.streamBytes / 4);
  writer.append(0, half);
  writer.append(half.length, half);
  expect(() => writer.append(2 * half.length, '.')).toThrow('at most 65536 bytes');
  await writer.settled();
  expect(pieces.map(({ text }) => text)).toEqual([half + half]);
  // Nor beside what has arrived.
  expect(() => writer.append(2 * half.length, '.')).toThrow('at most 65536 bytes');
  expect(writer.end).toBe(2 * half.length);
  expect(states).toEqual([]);
});

test('what was refused takes no room', async () => {
  const { length, bytes } = sizeOf('kept');
  const answers: Appended[] = [
    { status: 'gap', length, bytes, stopped: false },
    { status: 'ok', length: LIMITS.streamBytes, bytes: LIMITS.streamBytes, stopped: false },
  ];
  const states: unknown[] = [];
  const writer = new StreamWriter(sizeOf(''), {
    beat: new Beat(BEAT_MS),
    append: () => Promise.resolve(answers.shift()!),
    onState: (state) => void states.push(state),
    onStopped: () => undefined,
    onLost: () => undefined,
  });
  writer.append(0, 'x'.repeat(LIMITS.streamBytes));
  await writer.settled();
  expect(states).toEqual([{ offset: length }]);
  writer.append(length, 'x'.repeat(LIMITS.streamBytes - bytes));
  await writer.settled();
  expect(writer.end).toBe(LIMITS.streamBytes);
});
