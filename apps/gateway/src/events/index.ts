import type { RequestHandlers } from '../dispatch';
import type { GatewayContext } from '../context';
import { authRefresh } from './auth-refresh';
import { messageDelete } from './message-delete';
import { messageEdit } from './message-edit';
import { messageSend } from './message-send';
import { presenceWatch } from './presence-watch';
import { read } from './read';
import { reactionSet } from './reaction-set';
import { received } from './received';
import { statusSet } from './status-set';
import { sync } from './sync';
import { typing } from './typing';

export function requestHandlers({
  appends,
  authenticator,
  bus,
  leases,
  members,
  messages,
  presence,
}: GatewayContext): RequestHandlers {
  return {
    'message:send': messageSend(appends),
    'message:edit': messageEdit(appends),
    'message:delete': messageDelete(appends),
    'reaction:set': reactionSet(appends),
    'status:set': statusSet(leases),
    received: received(appends),
    read: read(appends),
    sync: sync(messages),
    typing: typing(bus, members),
    'presence:watch': presenceWatch(presence),
    'auth:refresh': authRefresh(authenticator, messages),
  };
}
