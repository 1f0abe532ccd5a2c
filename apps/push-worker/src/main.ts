import { runService } from '@agent-messenger/service-kit';
import { configSchema } from './config';
import { startPushWorker } from './service';

void runService(process, { name: 'push-worker', config: configSchema, start: startPushWorker });
