import { runService } from '@agent-messenger/service-kit';
import { version } from '../package.json';
import { gatewayConfig } from './config';
import { createMetrics } from './metrics';
import { startGateway } from './service';

void runService(process, {
  name: 'gateway',
  version,
  config: gatewayConfig,
  registerMetrics: createMetrics,
  start: startGateway,
});
