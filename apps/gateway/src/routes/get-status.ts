import type { Client, messagesCalls, SystemStatus } from '@agent-messenger/contracts';
import { checkDependencies, type Dependencies } from '@agent-messenger/service-kit';
import { answerWithin } from '../answer-within';
import type { RouteHandler } from '../http/rest-server';
import { modesOf } from '../health/push-health';

export interface StatusOptions {
  messages: Pick<Client<typeof messagesCalls>, 'storageState' | 'pushQueues' | 'pushConfig'>;
  dependencies: Dependencies;
  /** Of this gateway. */
  version: string;
  /** Asks the services behind it for theirs; rejects when one does not answer. */
  versions: Record<'auth' | 'messages', () => Promise<string | null>>;
}

type Service = SystemStatus['services'][number];

/** Nothing that is away keeps the rest from being shown. */
export function getStatus({
  messages,
  dependencies,
  version,
  versions,
}: StatusOptions): RouteHandler<'getStatus'> {
  async function serviceOf(name: 'auth' | 'messages'): Promise<Service> {
    const answered = await answerWithin(versions[name]());
    return { name, status: answered === undefined ? 'down' : 'ok', version: answered ?? null };
  }

  return async () => {
    const [auth, store, checked, storage, queued, announced] = await Promise.all([
      serviceOf('auth'),
      serviceOf('messages'),
      checkDependencies(dependencies),
      answerWithin(messages.storageState({})),
      answerWithin(messages.pushQueues({})),
      answerWithin(messages.pushConfig({})),
    ]);
    const push = announced?.push;
    const modes = modesOf(push);
    return {
      body: {
        services: [
          { name: 'gateway', status: 'ok', version },
          auth,
          store,
          {
            name: 'push-worker',
            status: workerStatus(queued?.queues),
            version: push?.worker_version ?? null,
          },
        ],
        dependencies: checked,
        storage: {
          status: storage?.status ?? 'unknown',
          used_bytes: storage?.used_bytes ?? null,
          free_bytes: storage?.free_bytes ?? null,
          reserve_bytes: storage?.reserve_bytes ?? null,
          at_quota: storage?.at_quota ?? null,
        },
        queues: queued?.queues.map((queue) => ({ ...queue, mode: modes[queue.platform] })) ?? null,
      },
    };
  };
}

function workerStatus(queues: { workers: number | null }[] | undefined): Service['status'] {
  const known = queues?.flatMap(({ workers }) => workers ?? []);
  if (!known || known.length === 0) return 'unknown';
  return known.some((workers) => workers > 0) ? 'ok' : 'down';
}
