import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { JsonStream } from '@agent-messenger/service-kit';
import type { Response } from 'express';
import { UnsentAnswers } from './unsent-answers';

const MIB = 1024 * 1024;

/** Takes nothing until it is asked to. */
class Answer extends Writable {
  sent = '';
  private go: (() => void) | undefined;
  type(): this {
    return this;
  }
  setHeader(): this {
    return this;
  }
  send(body: Buffer): void {
    this.sent = body.toString();
  }
  take(): void {
    this.go?.();
  }
  override _write(_piece: Buffer, _encoding: string, taken: () => void): void {
    this.go = taken;
  }
}

let unsent: UnsentAnswers;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  unsent = new UnsentAnswers(10_000);
});
afterEach(() => {
  jest.useRealTimers();
});

const charged = jest.fn();

function pass(answer: unknown, json: unknown, ip = '192.0.2.1'): Promise<void> {
  return unsent.send({ response: answer as Response, ip }, json, charged);
}

async function send<A>(ip: string, bytes: number, answer: A): Promise<A> {
  await pass(answer, 'x'.repeat(bytes), ip);
  return answer;
}

/** 63 MiB of 64. */
function fillAddress(): Promise<Answer[]> {
  return Promise.all(Array.from({ length: 7 }, () => send('192.0.2.1', 9 * MIB, new Answer())));
}

const turn = () => new Promise(setImmediate);

test('an address has so many bytes under way, and others theirs', async () => {
  const answers = await fillAddress();
  await expect(send('192.0.2.1', 2 * MIB, new Answer())).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfterMs: 1_000,
  });
  await send('192.0.2.2', 2 * MIB, new Answer());
  // Its end, whatever it was, makes room.
  answers[0]?.destroy();
  await turn();
  await send('192.0.2.1', 2 * MIB, new Answer());
});

/** An answer that is read to its end. */
function readAnswer() {
  const answer = new PassThrough();
  return Object.assign(answer, { type: () => answer, setHeader: () => answer });
}

test.each([9, 200_000])('what is JSON already goes out as it is, %i bytes', async (blanks) => {
  const json = `{${' '.repeat(blanks)}}`;
  const answer = readAnswer();
  const sent = text(answer);
  const coming = new JsonStream(Readable.from([Buffer.from(json)]), json.length);
  await pass(answer, coming);
  expect(charged).toHaveBeenLastCalledWith(json.length);
  expect(await sent).toBe(json);
});

test('JSON that comes is taken at once, also for a client that takes nothing', async () => {
  const pieces = Array.from({ length: 32 }, () => Buffer.alloc(64 * 1024, ' '));
  const body = Readable.from(pieces);
  const answer = new Answer();
  await pass(answer, new JsonStream(body, 2 * MIB));
  expect(body.readableEnded).toBe(true);
  jest.advanceTimersByTime(10_001);
  expect(answer.destroyed).toBe(true);
});

test('who is gone before there is an answer holds nothing', async () => {
  const gone = new Answer().destroy();
  await turn();
  for (let n = 0; n < 8; n += 1) {
    await send('192.0.2.1', 9 * MIB, gone);
    const body = new PassThrough();
    await pass(gone, new JsonStream(body, 7 * MIB));
    expect(body.destroyed).toBe(true);
    // It was read for it.
    expect(charged).toHaveBeenLastCalledWith(7 * MIB);
  }
  await send('192.0.2.1', 9 * MIB, new Answer());
});

test('JSON that breaks off is no whole answer, and what is refused is not read', async () => {
  const broken = new PassThrough();
  const answer = new Answer();
  const sent = pass(answer, new JsonStream(broken, 2 * MIB));
  broken.write('[');
  broken.destroy(new Error('gone'));
  await sent;
  expect(answer.destroyed).toBe(true);

  await fillAddress();
  const refused = new PassThrough();
  await expect(pass(new Answer(), new JsonStream(refused, 2 * MIB))).rejects.toMatchObject({
    code: 'rate_limited',
  });
  expect(refused.destroyed).toBe(true);
  expect(charged).toHaveBeenLastCalledWith(2 * MIB);
});

test('what is small is sent in any case, refusals for instance', async () => {
  await fillAddress();
  expect((await send('192.0.2.1', 16_000, new Answer())).sent).toHaveLength(16_002);
});

test('a large answer comes whole', async () => {
  const answer = readAnswer();
  const sent = text(answer);
  await send('192.0.2.1', MIB, answer);
  expect(await sent).toBe(JSON.stringify('x'.repeat(MIB)));
});

test('who takes it piece by piece is served, who takes nothing is cut', async () => {
  const answer = await send('192.0.2.1', MIB, new Answer());
  for (let n = 0; n < 5; n += 1) {
    await turn();
    jest.advanceTimersByTime(9_000);
    answer.take();
  }
  await turn();
  expect(answer.destroyed).toBe(false);
  jest.advanceTimersByTime(10_001);
  expect(answer.destroyed).toBe(true);
});
