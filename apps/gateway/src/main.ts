import { runService } from '@agent-messenger/service-kit';
import { gatewayConfig } from './config';
import { startGateway } from './service';

void runService(process, { name: 'gateway', config: gatewayConfig, start: startGateway });
