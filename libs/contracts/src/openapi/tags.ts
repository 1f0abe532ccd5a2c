import type { RouteName } from '../rest';
import { adminRoutes } from '../routes/admin';
import { agentsRoutes } from '../routes/agents';
import { authRoutes } from '../routes/auth';
import { conversationsRoutes } from '../routes/conversations';
import { messagesRoutes } from '../routes/messages';
import { pushRoutes } from '../routes/push';
import { serviceRoutes } from '../routes/service';
import { streamsRoutes } from '../routes/streams';

interface Tag {
  name: string;
  description: string;
}

const TAGGED: readonly (Tag & { routes: object })[] = [
  { name: 'Auth', description: 'People, their sessions, tokens of agents.', routes: authRoutes },
  { name: 'Agents', description: 'Who there is to talk to.', routes: agentsRoutes },
  {
    name: 'Conversations',
    description: 'Listing, reading and settings of conversations.',
    routes: conversationsRoutes,
  },
  { name: 'Messages', description: 'Sending and changing messages.', routes: messagesRoutes },
  { name: 'Streams', description: 'Answers while they are written.', routes: streamsRoutes },
  { name: 'Push', description: 'Devices that get notifications.', routes: pushRoutes },
  {
    name: 'Admin',
    description:
      'For operators. On the public port only with `ADMIN_ROUTES=public`, otherwise on the internal one.',
    routes: adminRoutes,
  },
  { name: 'Service', description: 'About the service itself.', routes: serviceRoutes },
];

export const TAGS: readonly Tag[] = TAGGED.map(({ name, description }) => ({ name, description }));

/** The name of the tag of a route. */
export function tagsOf(route: RouteName): string[] {
  return TAGGED.filter(({ routes }) => route in routes).map(({ name }) => name);
}
