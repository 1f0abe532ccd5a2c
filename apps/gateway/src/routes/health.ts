import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Dependencies } from '@agent-messenger/service-kit';
import { checkDependencies } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';
import { pushHealth } from '../push-health';

export function health(
  messages: Client<typeof messagesCalls>,
  dependencies: Dependencies,
  version: string,
): RouteHandler<'health'> {
  return async () => {
    const [checked, push] = await Promise.all([
      checkDependencies(dependencies),
      pushHealth(messages),
    ]);
    const status = Object.values(checked).every((one) => one.status === 'ok') ? 'ok' : 'degraded';
    return {
      body: {
        status,
        version,
        uptime_s: Math.round(process.uptime()),
        dependencies: checked,
        push,
      },
    };
  };
}
