import { openPlainWire, type WebSocketClass, type WebSocketLike } from './plain-wire';
import { runSocket } from './socket';
import type { Ending } from './wire';

/** A WebSocket whose other end is the test. */
class Standin implements WebSocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { error: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: unknown[] = [];
  isClosed = false;
  readyState = 1;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.isClosed = true;
  }
  say(type: string, data: object): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) });
  }
}

const connected = { identity: { kind: 'agent', id: 'agt_1' }, connection_id: '1', log_id: 'log' };

function open(origin = 'https://gateway.example') {
  const made: Standin[] = [];
  const WebSocket = class extends Standin {
    constructor(url: string) {
      super(url);
      made.push(this);
    }
  } satisfies WebSocketClass;
  const heard: string[] = [];
  const ending: Promise<Ending> = runSocket({
    url: origin,
    namespace: '/agent',
    token: 'secret',
    open: openPlainWire(WebSocket),
    signal: new AbortController().signal,
    onServerEvent: (name) => heard.push(name),
  });
  const [socket] = made;
  if (!socket) throw new Error('nothing was opened');
  return { socket, ending, heard };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('presents its token in the first frame and not in the address', () => {
  const { socket } = open();
  expect(socket.url).toBe('wss://gateway.example/agent/connect');
  expect(socket.sent).toEqual([]);
  socket.onopen?.();
  expect(socket.sent).toEqual([
    { type: 'auth', data: { token: 'secret', protocol: 1, compact: 1 } },
  ]);
});

it('sends nothing over a connection that is being closed: a browser reports that as an error of the page', () => {
  const { socket } = open();
  socket.onopen?.();
  socket.say('connected', connected);
  socket.readyState = 2;
  jest.advanceTimersByTime(60_000);
  expect(socket.sent).toHaveLength(1);
});

it.each([
  [4401, 'unauthorized', false],
  [4403, 'forbidden', false],
  [4409, 'replaced', false],
  [4408, 'disconnected', true],
  [4410, 'disconnected', true],
  [4429, 'disconnected', true],
  [4503, 'disconnected', true],
  [1006, 'disconnected', true],
  [1011, 'disconnected', true],
])('closed with %i, without a word before: %s, reconnect: %s', async (status, code, reconnect) => {
  const { socket, ending } = open();
  socket.onopen?.();
  socket.say('connected', connected);
  socket.onclose?.({ code: status, reason: '' });
  await expect(ending).resolves.toMatchObject({ error: { code }, reconnect });
});

it('what the server announces counts for more than its close code', async () => {
  const { socket, ending } = open();
  socket.onopen?.();
  socket.say('connected', connected);
  socket.say('closing', { code: 'token_expired', reconnect: true, retry_after_ms: 7 });
  socket.onclose?.({ code: 4401, reason: 'token_expired' });
  await expect(ending).resolves.toMatchObject({
    error: { code: 'token_expired' },
    reconnect: true,
    delayMs: 7,
  });
});

it('a refusal ends it, and says whether to come back', async () => {
  const limited = open();
  limited.socket.onopen?.();
  limited.socket.say('error', { code: 'rate_limited', message: 'wait', retry_after_ms: 900 });
  await expect(limited.ending).resolves.toMatchObject({ reconnect: true, delayMs: 900 });
  expect(limited.socket.isClosed).toBe(true);
  const unknown = open();
  unknown.socket.onopen?.();
  unknown.socket.say('error', { code: 'unauthorized', message: 'no' });
  await expect(unknown.ending).resolves.toMatchObject({
    error: { code: 'unauthorized' },
    reconnect: false,
  });
});

it('a refusal that may be about lateness is tried again', async () => {
  const { socket, ending } = open();
  socket.onopen?.();
  jest.advanceTimersByTime(5_000);
  socket.say('error', { code: 'unauthorized', message: 'Credentials are required' });
  await expect(ending).resolves.toMatchObject({ error: { code: 'timeout' }, reconnect: true });
});

it('an address that does not answer is unreachable', async () => {
  const { socket, ending } = open();
  const cause = new Error('ECONNREFUSED');
  socket.onerror?.({ error: cause });
  socket.onclose?.({ code: 1006, reason: '' });
  await expect(ending).resolves.toMatchObject({
    error: { code: 'unreachable', cause },
    reconnect: true,
    connectedMs: 0,
  });
});

it('notices that a server has gone without a close, and not that one is quiet', async () => {
  const { socket, ending } = open();
  socket.onopen?.();
  socket.say('connected', connected);
  const pings = () => socket.sent.filter((frame) => (frame as { type: string }).type === 'ping');
  for (let n = 1; n <= 3; n += 1) {
    jest.advanceTimersByTime(30_000);
    expect(pings()).toHaveLength(n);
    // Any frame will do.
    socket.say('ack', { ok: false });
  }
  jest.advanceTimersByTime(40_000);
  await expect(ending).resolves.toMatchObject({
    error: { code: 'disconnected' },
    reconnect: true,
    connectedMs: 130_000,
  });
  expect(jest.getTimerCount()).toBe(0);
});

describe('when the device has a network again', () => {
  const page = new EventTarget();
  const comeBack = () => page.dispatchEvent(new Event('online'));
  const global = globalThis as Record<string, unknown>;
  beforeEach(() => {
    global['addEventListener'] = page.addEventListener.bind(page);
    global['removeEventListener'] = page.removeEventListener.bind(page);
  });
  afterEach(() => {
    delete global['addEventListener'];
    delete global['removeEventListener'];
  });

  it('a connection that does not answer is left within 5 s', async () => {
    const { socket, ending } = open();
    socket.onopen?.();
    socket.say('connected', connected);
    comeBack();
    socket.say('ack', { ok: false });
    jest.advanceTimersByTime(6_000);
    comeBack();
    jest.advanceTimersByTime(5_000);
    await expect(ending).resolves.toMatchObject({ reconnect: true, connectedMs: 11_000 });
    expect(socket.sent).toHaveLength(3);
    comeBack();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that it comes and goes puts nothing off, nor does the ping that is due', async () => {
    const { socket, ending } = open();
    socket.onopen?.();
    socket.say('connected', connected);
    jest.advanceTimersByTime(28_000);
    for (let n = 0; n < 3; n += 1) {
      comeBack();
      jest.advanceTimersByTime(2_000);
    }
    await expect(ending).resolves.toMatchObject({ connectedMs: 33_000 });
  });

  it('one that was on its way begins anew', async () => {
    const { socket, ending } = open();
    socket.onopen?.();
    comeBack();
    await expect(ending).resolves.toMatchObject({ reconnect: true, delayMs: 0, connectedMs: 0 });
    expect(socket.isClosed).toBe(true);
  });
});

it('passes over what it cannot read and what it does not know', () => {
  const { socket, heard } = open();
  socket.onopen?.();
  for (const data of ['no json', 'null', '{"data":1}', new ArrayBuffer(1)]) {
    socket.onmessage?.({ data });
  }
  socket.say('news', {});
  socket.say('ack', { ok: true });
  socket.say('connected', connected);
  socket.say('error', { code: 'invalid_payload', message: 'a malformed frame' });
  socket.say('synced', {});
  expect(heard).toEqual(['connected', 'synced']);
});
