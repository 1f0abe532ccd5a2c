import { redisNames, type PushJob } from '@agent-messenger/contracts';
import type { Stack } from '@agent-messenger/testkit';
import { Queue, UnrecoverableError, Worker } from 'bullmq';

/** One job to a phone that failed for good. */
export async function givenUpPush({ redisUrl, redisPrefix }: Stack): Promise<Queue<PushJob>> {
  const names = redisNames(redisPrefix);
  const shared = { connection: { url: redisUrl }, prefix: names.queuePrefix };
  const queue = new Queue<PushJob>(names.pushQueue('apns'), shared);
  const job: PushJob = {
    user_id: 'usr_1',
    conversation_id: 'cnv_1',
    device_id: 'phone',
  } as PushJob;
  const worker = new Worker(
    names.pushQueue('apns'),
    () => Promise.reject(new UnrecoverableError('no such device')),
    shared,
  );
  const failed = new Promise((resolve) => worker.once('failed', resolve));
  await queue.add('push', job);
  await failed;
  await worker.close();
  return queue;
}
