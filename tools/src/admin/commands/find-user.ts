import type { User } from '@agent-messenger/contracts';
import { UsageError } from '../../command-line';
import { AdminError } from '../admin-error';
import type { AdminContext } from '../admin-context';

/** Longer is no username; a username may begin like an id. */
const MOST_USERNAME_CHARS = 32;

/** By id, or by username. */
export async function findUser(context: AdminContext, named: string): Promise<User> {
  if (named.startsWith('usr_') && named.length > MOST_USERNAME_CHARS) {
    return context.request('getUser', { params: { user_id: named } });
  }
  const username = named.trim().toLowerCase();
  if (username === '') throw new UsageError('say whom: a username, or an id');
  const [user] = (await context.request('listUsers', { query: { username } })).users;
  if (!user) throw new AdminError(`there is no person called "${named}"`);
  return user;
}
