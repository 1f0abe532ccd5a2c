import { runService } from '@agent-messenger/service-kit';
import { version } from '../package.json';
import { configSchema } from './config';
import { createMetrics } from './metrics';
import { startPushWorker } from './service';

void runService(process, {
  name: 'push-worker',
  version,
  config: configSchema,
  registerMetrics: createMetrics,
  start: startPushWorker,
});
