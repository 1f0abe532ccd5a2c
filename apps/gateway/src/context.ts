import type { authCalls, Client, messagesCalls } from '@agent-messenger/contracts';
import type { AppendQueue } from './append-queue';
import type { Authenticator } from './authenticate';
import type { Leases } from './connections/leases';
import type { EphemeralBus } from './ephemeral-bus';
import type { MemberCache } from './member-cache';
import type { PresenceService } from './presence/presence';

/** What routes and events take what they need from; none takes the whole. */
export interface GatewayContext {
  auth: Client<typeof authCalls>;
  messages: Client<typeof messagesCalls>;
  appends: AppendQueue;
  authenticator: Authenticator;
  bus: EphemeralBus;
  leases: Leases;
  members: MemberCache;
  presence: PresenceService;
}
