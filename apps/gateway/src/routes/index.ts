import type { Dependencies, Logger } from '@agent-messenger/service-kit';
import packageJson from '../../package.json';
import type { GatewayContext } from '../context';
import type { RouteHandlers } from '../http/rest-server';
import { addReaction } from './add-reaction';
import { removeReaction } from './remove-reaction';
import { editMessage } from './edit-message';
import { deleteMessage } from './delete-message';
import { markRead } from './mark-read';
import { listEvents } from './list-events';
import { updateConversation } from './update-conversation';
import { deleteConversation } from './delete-conversation';
import { agentToken } from './agent-token';
import { createAgent } from './create-agent';
import { createConversation } from './create-conversation';
import { getAgent } from './get-agent';
import { getPushConfig } from './get-push-config';
import { getConversation } from './get-conversation';
import { health } from './health';
import { listAgents } from './list-agents';
import { listConversations } from './list-conversations';
import { listDeadPushes } from './list-dead-pushes';
import { listMessages } from './list-messages';
import { login } from './login';
import { logout } from './logout';
import { openapi } from './openapi';
import { refresh } from './refresh';
import { register } from './register';
import { registerPush } from './register-push';
import { replayDeadPushes } from './replay-dead-pushes';
import { sendMessage } from './send-message';
import { unregisterPush } from './unregister-push';

export function routeHandlers(
  { appends, auth, leases, limits, messages, presence }: GatewayContext,
  options: { registrationOpen: boolean; dependencies: Dependencies; log: Logger },
): RouteHandlers {
  return {
    register: register(auth, limits, options.registrationOpen),
    login: login(auth, limits),
    refresh: refresh(auth, limits),
    logout: logout(auth, leases, options.log),
    agentToken: agentToken(auth, limits),
    listAgents: listAgents(messages, presence),
    getAgent: getAgent(messages, presence),
    createAgent: createAgent(auth),
    createConversation: createConversation(messages),
    listConversations: listConversations(messages),
    getConversation: getConversation(messages),
    listMessages: listMessages(messages),
    updateConversation: updateConversation(messages),
    deleteConversation: deleteConversation(messages),
    listEvents: listEvents(messages),
    markRead: markRead(appends),
    sendMessage: sendMessage(appends, limits),
    editMessage: editMessage(appends, limits),
    deleteMessage: deleteMessage(appends, limits),
    addReaction: addReaction(appends, limits),
    removeReaction: removeReaction(appends, limits),
    registerPush: registerPush(messages),
    unregisterPush: unregisterPush(messages),
    getPushConfig: getPushConfig(messages),
    listDeadPushes: listDeadPushes(messages),
    replayDeadPushes: replayDeadPushes(messages),
    health: health(messages, options.dependencies, packageJson.version),
    openapi: openapi(),
  };
}
