import { metricOf, waitFor, type ServiceProcess } from '@agent-messenger/testkit';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Reliability } from './setup';

/** Environment of processes of which `heldBytes` is asked: each opens a debugger's port of its own. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** What a process cannot let go of, heap and buffers: its memory right after a full garbage collection. */
export async function heldBytes(
  { stack }: Pick<Reliability, 'stack'>,
  service: ServiceProcess,
): Promise<number> {
  const [, url] = await waitFor(() =>
    /^Debugger listening on (ws:\S+)$/m.exec(stack.logs(service.name)),
  );
  const debug = new WebSocket(url ?? '');
  await once(debug, 'open');
  try {
    debug.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    await once(debug, 'message');
  } finally {
    debug.close();
  }
  const [heap, external] = await Promise.all([
    metricOf(service, 'nodejs_heap_size_used_bytes'),
    metricOf(service, 'nodejs_external_memory_bytes'),
  ]);
  return heap + external;
}

export function residentBytes(service: ServiceProcess): Promise<number> {
  return metricOf(service, 'process_resident_memory_bytes');
}
