import { PUSH_PLATFORMS } from '@agent-messenger/contracts';
import { beginAtZero } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';

export type PushMetrics = ReturnType<typeof createMetrics>;

export function createMetrics(registry: Registry) {
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
      help: 'Notifications that a provider did not take, per device; most are tried again',
      labelNames: ['provider', 'reason'],
      registers,
    }),
    misconfigured: beginAtZero(
      new Counter({
        name: 'push_misconfigured_total',
        help: 'Answers of a provider that mean that something is set up wrongly: someone must act',
        labelNames: ['platform'],
        registers,
      }),
      'platform',
      PUSH_PLATFORMS,
    ),
    tokensPruned: new Counter({
      name: 'push_tokens_pruned_total',
      help: 'Devices removed because their provider called their token dead',
      labelNames: ['provider', 'reason'],
      registers,
    }),
    expired: new Counter({
      name: 'push_expired_total',
      help: 'Jobs dropped because their message had become old news',
      labelNames: ['platform'],
      registers,
    }),
    commitToProvider: new Histogram({
      name: 'push_commit_to_provider_seconds',
      help: 'From the commit of the newest message to its being taken over by a provider',
      buckets: [0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3_600, 28_800],
      registers,
    }),
    breakerOpen: new Gauge({
      name: 'push_breaker_open',
      help: 'Whether sends are kept away from a provider because it does not work',
      labelNames: ['platform'],
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
      help: 'Push jobs in the queues by state, a batch of up to 100 devices as one; failed ones are the dead letters',
      labelNames: ['platform', 'state'],
      registers,
    }),
    // Since the job was added, so that its earlier runs and delays count.
    oldestSeconds: new Gauge({
      name: 'push_queue_oldest_seconds',
      help: 'Age in seconds of the oldest push job that waits for a worker, or of the delayed one due next; 0 without',
      labelNames: ['platform', 'state'],
      registers,
    }),
    workerRestarts: new Counter({
      name: 'push_worker_restarts_total',
      help: 'Times the queue worker was replaced because jobs waited and it took none',
      registers,
    }),
  };
}
