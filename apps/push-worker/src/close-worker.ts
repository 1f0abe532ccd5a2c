import type { Logger } from '@agent-messenger/service-kit';
import type { Worker } from 'bullmq';

/**
 * Takes no more jobs and finishes what is in flight. BullMQ would wait for that without end: past the deadline its
 * connections are cut, and the jobs go to another worker when their locks have run out.
 */
export async function closeWorker(worker: Worker, deadlineMs: number, log: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'deadline'>((resolve) => {
    timer = setTimeout(() => resolve('deadline'), deadlineMs);
  });
  const outcome = await Promise.race([worker.close(), deadline]);
  clearTimeout(timer);
  if (outcome !== 'deadline') return;
  log.warn('push jobs in flight are left to another worker');
  await worker.disconnect();
}
