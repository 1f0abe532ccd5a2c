import type { authCalls, Client } from '@agent-messenger/contracts';
import type { AppendQueue } from './writes/append-queue';
import type { Authenticator } from './credentials/authenticate';
import type { ConfirmedCredentials } from './credentials/confirmed-credentials';
import type { Leases } from './connections/leases';
import type { Activities } from './presence/activities';
import type { PresenceService } from './presence/presence';
import type { Streams } from './streams/streams';
import type { MessagesClient } from './service-clients';
import type { Typists } from './presence/typists';

/** What routes and events take what they need from; none takes the whole. */
export interface GatewayContext {
  auth: Client<typeof authCalls>;
  messages: MessagesClient;
  appends: AppendQueue;
  credentials: { authenticator: Authenticator; confirmed: ConfirmedCredentials };
  leases: Leases;
  presence: PresenceService;
  /** What members show each other for a while. */
  signals: { typists: Typists; activities: Activities };
  streams: Streams;
}
