import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { keepAlive } from './keep-alive';

class Peer extends EventEmitter {
  pings = 0;
  isCut = false;
  wasSilent = false;
  ping(): void {
    this.pings += 1;
  }
  terminate(): void {
    this.isCut = true;
    this.emit('close');
  }
}

let peer: Peer;

function keepAliveFor(pongTimeoutMs: number): void {
  peer = new Peer();
  keepAlive(peer as unknown as WebSocket, {
    pongTimeoutMs,
    onSilent: () => (peer.wasSilent = !peer.isCut),
  });
}

beforeEach(() => {
  jest.useFakeTimers();
  keepAliveFor(10_000);
});
afterEach(() => {
  jest.useRealTimers();
});

test('pings every 30 s for as long as pongs come within 10 s', () => {
  for (let n = 1; n <= 5; n += 1) {
    jest.advanceTimersByTime(n === 1 ? 30_000 : 20_001);
    expect(peer.pings).toBe(n);
    jest.advanceTimersByTime(9_999);
    peer.emit('pong');
  }
  expect(peer.isCut).toBe(false);
});

test('cuts a peer that does not answer within 10 s, and is done with it', () => {
  jest.advanceTimersByTime(39_999);
  expect(peer.isCut).toBe(false);
  jest.advanceTimersByTime(1);
  expect(peer).toMatchObject({ isCut: true, wasSilent: true });
  expect(jest.getTimerCount()).toBe(0);
});

test('a peer that has longer than the time between pings is cut after that, not by the next ping', () => {
  keepAliveFor(100_000);
  jest.advanceTimersByTime(129_999);
  expect(peer.pings).toBe(4);
  peer.emit('pong');
  jest.advanceTimersByTime(100_000);
  expect(peer.isCut).toBe(false);
  jest.advanceTimersByTime(30_001);
  expect(peer.isCut).toBe(true);
});

test('a pong that nobody asked for does not help later', () => {
  peer.emit('pong');
  jest.advanceTimersByTime(40_000);
  expect(peer.isCut).toBe(true);
});

test('nothing is left of a connection that has ended', () => {
  jest.advanceTimersByTime(30_000);
  peer.emit('close');
  expect(peer.wasSilent).toBe(false);
  expect(jest.getTimerCount()).toBe(0);
});
