import { AppError, type AuditLog } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import type { DeviceTokens } from '../device-tokens';
import type { LoginLinks } from '../login-links';
import { countOutcome } from '../metrics';
import type { Sessions } from '../sessions';
import type { AuthHandlers, Store } from './handler';

interface LoginByLinkDeps {
  store: Store;
  links: LoginLinks;
  devices: DeviceTokens;
  sessions: Sessions;
  audit: AuditLog;
  outcomes: Counter<'outcome'>;
}

/** A code that is spent, too old, unknown or of a person that cannot log in is one answer. */
export function loginByLinkCall(deps: LoginByLinkDeps): AuthHandlers['loginByLink'] {
  const { store, links, devices, sessions, audit, outcomes } = deps;

  return ({ code, by }) =>
    countOutcome(outcomes, () =>
      audit.watch('user.login', by, async (about) => {
        const refused = () => new AppError('unauthorized', 'This link is no longer valid');
        const user_id = links.userOf(code);
        if (user_id === null) throw refused();
        // Before the code is spent: while the store is away, it stays good.
        const { user } = await store.findUser({ user_id });
        if (!user || user.disabled) throw refused();
        about.target = user_id;
        if (!(await links.spend(code, user.password_hash))) throw refused();
        const { username } = await store.getUser({ user_id });
        const { tokens, ended } = await sessions.open(user_id, { hash: user.password_hash }, by);
        return {
          tokens: { ...tokens, device_token: devices.issue(username, null) },
          ended,
        };
      }),
    );
}
