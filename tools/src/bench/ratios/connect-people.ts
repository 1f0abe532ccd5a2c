import { inParallel } from '@agent-messenger/testkit';
import { openLink, type Link, type Transport } from '../link';
import type { Front } from './idle';

/** Resolves when all of them have received all that there was for them, which is nothing. */
export function connectPeople(
  { url, people }: Pick<Front, 'url' | 'people'>,
  transport: Transport,
): Promise<Link[]> {
  return inParallel(people, ({ auth }) =>
    openLink(transport, {
      ...{ url, namespace: '/client', auth },
      onEvent: () => undefined,
      onEnd: () => undefined,
    }),
  );
}
