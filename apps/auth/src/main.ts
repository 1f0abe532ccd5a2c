import { runService } from '@agent-messenger/service-kit';
import { configSchema } from './config';
import { startAuth } from './service';

void runService(process, { name: 'auth', config: configSchema, start: startAuth });
