import { runService } from '@agent-messenger/service-kit';
import { version } from '../package.json';
import { configSchema } from './config';
import { createMetrics } from './metrics';
import { startMessages } from './service';

void runService(process, {
  name: 'messages',
  version,
  config: configSchema,
  registerMetrics: createMetrics,
  start: startMessages,
});
