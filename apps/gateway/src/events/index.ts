import type { RequestHandlers } from '../dispatch';
import type { GatewayContext } from '../context';
import { authRefresh } from './auth-refresh';
import { messageSend } from './message-send';
import { presenceWatch } from './presence-watch';
import { read } from './read';
import { received } from './received';
import { sync } from './sync';
import { typing } from './typing';

export function requestHandlers({
  appends,
  authenticator,
  bus,
  limits,
  members,
  messages,
  presence,
}: GatewayContext): RequestHandlers {
  return {
    'message:send': messageSend(appends, limits),
    received: received(appends),
    read: read(appends),
    sync: sync(messages),
    typing: typing(bus, members),
    'presence:watch': presenceWatch(presence),
    'auth:refresh': authRefresh(authenticator, messages),
  };
}
