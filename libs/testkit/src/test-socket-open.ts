import { TestSocket, type TestSocketOptions } from './test-socket';
import type { TestSocketBase } from './test-socket-base';
import { TestSocketPlain } from './test-socket-plain';

/** How a client reaches a gateway; what it may do and what it is promised is the same. */
export type Transport = 'socket.io' | 'ws';

/** A bare client on the transport that a test is about. */
export function openTestSocket(
  transport: Transport,
  url: string,
  namespace: '/client' | '/agent',
  auth: Record<string, unknown>,
  options?: TestSocketOptions,
): TestSocketBase {
  const Client = transport === 'ws' ? TestSocketPlain : TestSocket;
  return new Client(url, namespace, auth, options);
}
