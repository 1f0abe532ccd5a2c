import { runService } from '@agent-messenger/service-kit';
import { version } from '../package.json';
import { configSchema } from './config';
import { createMetrics } from './metrics';
import { startAuth } from './service';

void runService(process, {
  name: 'auth',
  version,
  config: configSchema,
  registerMetrics: createMetrics,
  start: startAuth,
});
