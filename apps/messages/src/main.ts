import { runService } from '@agent-messenger/service-kit';
import { configSchema } from './config';
import { startMessages } from './service';

void runService(process, { name: 'messages', config: configSchema, start: startMessages });
