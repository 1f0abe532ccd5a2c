import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Dependencies } from '@agent-messenger/service-kit';
import { checkDependencies } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';
import { pushHealth } from '../health/push-health';
import { storageHealth } from '../health/storage-health';

export function health(
  messages: Client<typeof messagesCalls>,
  {
    dependencies,
    version,
    isDraining,
    registrationOpen,
  }: {
    dependencies: Dependencies;
    version: string;
    isDraining: () => boolean;
    registrationOpen: boolean;
  },
): RouteHandler<'health'> {
  return async () => {
    const [checked, push, { storage, clock }] = await Promise.all([
      checkDependencies(dependencies),
      pushHealth(messages),
      storageHealth(messages),
    ]);
    const allAnswer = Object.values(checked).every((one) => one.status === 'ok');
    const working = allAnswer && storage.status !== 'low' ? 'ok' : 'degraded';
    const draining = isDraining();
    return {
      status: draining ? 503 : 200,
      body: {
        status: draining ? 'draining' : working,
        version,
        uptime_s: Math.round(process.uptime()),
        dependencies: checked,
        storage,
        clock,
        registration: registrationOpen ? 'open' : 'closed',
        push,
      },
    };
  };
}
