import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';

export interface PushMetrics {
  sent: Counter<'provider'>;
  /** Sends to one device that a provider refused or did not answer. */
  sendFailures: Counter<'provider' | 'reason'>;
  /** Runs of jobs that ended in an error; most run again. */
  jobFailures: Counter<'reason'>;
  queueJobs: Gauge<'state'>;
  /** Since the job was added, so that its earlier runs and delays count. */
  oldestWaitingSeconds: Gauge;
  workerRestarts: Counter;
}

export function createMetrics(registry: Registry): PushMetrics {
  const registers = [registry];
  return {
    sent: new Counter({
      name: 'push_sent_total',
      help: 'Notifications handed to a provider, per device',
      labelNames: ['provider'],
      registers,
    }),
    sendFailures: new Counter({
      name: 'push_send_failures_total',
      help: 'Notifications that a provider did not take, per device',
      labelNames: ['provider', 'reason'],
      registers,
    }),
    jobFailures: new Counter({
      name: 'push_job_failures_total',
      help: 'Failed runs of push jobs by reason',
      labelNames: ['reason'],
      registers,
    }),
    queueJobs: new Gauge({
      name: 'push_queue_jobs',
      help: 'Push jobs in the queue by state',
      labelNames: ['state'],
      registers,
    }),
    oldestWaitingSeconds: new Gauge({
      name: 'push_queue_oldest_waiting_seconds',
      help: 'Age in seconds of the oldest push job that waits for a worker; 0 when none does',
      registers,
    }),
    workerRestarts: new Counter({
      name: 'push_worker_restarts_total',
      help: 'Times the queue worker was replaced because jobs waited and it took none',
      registers,
    }),
  };
}
