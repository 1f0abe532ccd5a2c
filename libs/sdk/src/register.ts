import type { RouteResponse } from '@agent-messenger/contracts';
import { Endpoints } from './endpoints';
import { Rest } from './rest';

export interface RegisterOptions {
  url: string | readonly string[];
  username: string;
  password: string;
}

/** REST alone, without a connection; what needs a credential takes it with each request. */
export function createRest(url: string | readonly string[]): Rest {
  return new Rest(new Endpoints(url));
}

/** Creates a person; `conflict` when the name is taken. */
export function register(options: RegisterOptions): Promise<RouteResponse<'register'>> {
  const { url, username, password } = options;
  return createRest(url).request('register', { body: { username, password } });
}
