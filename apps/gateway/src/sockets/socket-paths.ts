/** Where WebSockets are opened. */
export type SocketPath = 'user' | 'agent' | 'socket.io';

/** @param path without its query @returns what is opened there, undefined when nothing is */
export function socketPathOf(path: string): SocketPath | undefined {
  if (path === '/client/connect') return 'user';
  if (path === '/agent/connect') return 'agent';
  return path.startsWith('/socket.io/') ? 'socket.io' : undefined;
}
