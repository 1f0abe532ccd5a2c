import { KeepAlive } from './keep-alive';

/** What is asked of a WebSocket; cut, it ends. */
class Peer {
  readonly keepAlive: KeepAlive;
  pings = 0;
  isCut = false;

  constructor(pongTimeoutMs: number) {
    this.keepAlive = new KeepAlive(this, pongTimeoutMs);
  }

  ping(): void {
    this.pings += 1;
  }

  terminate(): void {
    this.isCut = true;
    this.keepAlive.end();
  }
}

let peer: Peer;

beforeEach(() => {
  jest.useFakeTimers();
  peer = new Peer(10_000);
});
afterEach(() => {
  jest.useRealTimers();
});

test('pings every 30 s for as long as pongs come within 10 s', () => {
  for (let n = 1; n <= 5; n += 1) {
    jest.advanceTimersByTime(n === 1 ? 30_000 : 20_001);
    expect(peer.pings).toBe(n);
    jest.advanceTimersByTime(9_999);
    peer.keepAlive.answered();
  }
  expect(peer.isCut).toBe(false);
});

test('cuts a peer that does not answer within 10 s, and is done with it', () => {
  jest.advanceTimersByTime(39_999);
  expect(peer.isCut).toBe(false);
  jest.advanceTimersByTime(1);
  expect(peer.isCut).toBe(true);
  expect(peer.keepAlive.wasSilent).toBe(true);
  expect(jest.getTimerCount()).toBe(0);
});

test('a peer that has longer than the time between pings is cut after that, not by the next ping', () => {
  peer = new Peer(100_000);
  jest.advanceTimersByTime(129_999);
  expect(peer.pings).toBe(4);
  peer.keepAlive.answered();
  jest.advanceTimersByTime(100_000);
  expect(peer.isCut).toBe(false);
  jest.advanceTimersByTime(30_001);
  expect(peer.isCut).toBe(true);
});

test('a pong that nobody asked for does not help later', () => {
  peer.keepAlive.answered();
  jest.advanceTimersByTime(40_000);
  expect(peer.isCut).toBe(true);
});

test('nothing is left of a connection that has ended', () => {
  jest.advanceTimersByTime(30_000);
  peer.keepAlive.end();
  expect(peer.keepAlive.wasSilent).toBe(false);
  expect(jest.getTimerCount()).toBe(0);
});
