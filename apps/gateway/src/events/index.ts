import type { Tracing } from '@agent-messenger/service-kit';
import type { RequestHandlers } from '../requests/dispatch';
import type { GatewayContext } from '../context';
import { activity } from './activity';
import { actionChoose } from './action-choose';
import { authRefresh } from './auth-refresh';
import { messageDelete } from './message-delete';
import { messageEdit } from './message-edit';
import { messageSend } from './message-send';
import { presenceWatch } from './presence-watch';
import { read } from './read';
import { reactionSet } from './reaction-set';
import { received } from './received';
import { statusSet } from './status-set';
import { streamAppend } from './stream-append';
import { streamEnd } from './stream-end';
import { streamFail } from './stream-fail';
import { streamGet } from './stream-get';
import { streamStart } from './stream-start';
import { streamStop } from './stream-stop';
import { sync } from './sync';
import { typing } from './typing';

export function requestHandlers({
  appends,
  credentials,
  leases,
  messages,
  presence,
  signals,
  streams,
  tracing,
}: GatewayContext & { tracing: Tracing | undefined }): RequestHandlers {
  return {
    'message:send': messageSend(appends, tracing),
    'message:edit': messageEdit(appends),
    'message:delete': messageDelete(appends),
    'reaction:set': reactionSet(appends, messages),
    'action:choose': actionChoose(appends, messages),
    'status:set': statusSet(leases),
    received: received(appends),
    read: read(appends),
    sync: sync(messages.sync),
    typing: typing(signals.typists),
    activity: activity(signals.activities),
    'stream:start': streamStart(streams.agents),
    'stream:append': streamAppend(streams.agents),
    'stream:end': streamEnd(streams.finish),
    'stream:fail': streamFail(streams.finish),
    'stream:get': streamGet(streams.readers),
    'stream:stop': streamStop(streams.readers),
    'presence:watch': presenceWatch(presence),
    'auth:refresh': authRefresh(credentials.authenticator, messages),
  };
}
