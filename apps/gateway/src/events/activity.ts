import type { RequestHandler } from '../requests/dispatch';
import type { Activities } from '../presence/activities';

export function activity(activities: Activities): RequestHandler<'activity'> {
  return async (connection, payload) => {
    await activities.set(connection, payload);
    return {};
  };
}
