import type { User } from '@agent-messenger/contracts';
import { AdminError } from '../admin-error';
import type { Surroundings } from '../surroundings';

/** By id, or by username. */
export async function findUser(around: Surroundings, named: string): Promise<User> {
  if (named.startsWith('usr_')) return around.request('getUser', { params: { user_id: named } });
  const { users } = await around.request('listUsers', { query: { username: named } });
  const [user] = users;
  if (!user) throw new AdminError(`there is no person called "${named}"`);
  return user;
}
