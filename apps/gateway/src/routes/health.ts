import type { Dependencies } from '@agent-messenger/service-kit';
import { checkDependencies } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';

export function health(dependencies: Dependencies, version: string): RouteHandler<'health'> {
  return async () => {
    const checked = await checkDependencies(dependencies);
    const status = Object.values(checked).every((one) => one.status === 'ok') ? 'ok' : 'degraded';
    return {
      body: { status, version, uptime_s: Math.round(process.uptime()), dependencies: checked },
    };
  };
}
