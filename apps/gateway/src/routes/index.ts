import type { Dependencies, Logger } from '@agent-messenger/service-kit';
import packageJson from '../../package.json';
import type { GatewayContext } from '../context';
import { createEndCredentials } from '../connections/end-credentials';
import type { RouteHandlers } from '../http/rest-server';
import { addReaction } from './add-reaction';
import { agentToken } from './agent-token';
import { changePassword } from './change-password';
import { createAgent } from './create-agent';
import { createAgentKey } from './create-agent-key';
import { createConversation } from './create-conversation';
import { createUser } from './create-user';
import { deleteAccount } from './delete-account';
import { deleteAgent } from './delete-agent';
import { deleteConversation } from './delete-conversation';
import { deleteMessage } from './delete-message';
import { editMessage } from './edit-message';
import { endConnection } from './end-connection';
import { eraseUser } from './erase-user';
import { exportUser } from './export-user';
import { getAgent } from './get-agent';
import { getConversation } from './get-conversation';
import { getPushConfig } from './get-push-config';
import { getUser } from './get-user';
import { health } from './health';
import { jwks } from './jwks';
import { listAgentKeys } from './list-agent-keys';
import { listAgents } from './list-agents';
import { listAudit } from './list-audit';
import { listConnections } from './list-connections';
import { listConversations } from './list-conversations';
import { listDeadPushes } from './list-dead-pushes';
import { listEvents } from './list-events';
import { listMessages } from './list-messages';
import { listUsers } from './list-users';
import { login } from './login';
import { logout } from './logout';
import { markRead } from './mark-read';
import { openapi } from './openapi';
import { refresh } from './refresh';
import { register } from './register';
import { registerPush } from './register-push';
import { removeReaction } from './remove-reaction';
import { replayDeadPushes } from './replay-dead-pushes';
import { revokeAgentKey } from './revoke-agent-key';
import { sendMessage } from './send-message';
import { unregisterPush } from './unregister-push';
import { updateAgent } from './update-agent';
import { updateConversation } from './update-conversation';
import { updateUser } from './update-user';

export function routeHandlers(
  { appends, auth, leases, messages, presence }: GatewayContext,
  options: { registrationOpen: boolean; dependencies: Dependencies; log: Logger },
): RouteHandlers {
  const endCredentials = createEndCredentials(leases, options.log);
  return {
    register: register(auth, options.registrationOpen),
    login: login(auth, endCredentials),
    refresh: refresh(auth, endCredentials),
    logout: logout(auth, endCredentials),
    changePassword: changePassword(auth, endCredentials),
    deleteAccount: deleteAccount(auth, endCredentials),
    jwks: jwks(auth),
    agentToken: agentToken(auth),
    listAgents: listAgents(messages, presence),
    getAgent: getAgent(messages, presence),
    createConversation: createConversation(messages),
    listConversations: listConversations(messages),
    getConversation: getConversation(messages),
    listMessages: listMessages(messages),
    updateConversation: updateConversation(messages),
    deleteConversation: deleteConversation(messages),
    listEvents: listEvents(messages),
    markRead: markRead(appends),
    sendMessage: sendMessage(appends),
    editMessage: editMessage(appends),
    deleteMessage: deleteMessage(appends),
    addReaction: addReaction(appends),
    removeReaction: removeReaction(appends),
    registerPush: registerPush(messages),
    unregisterPush: unregisterPush(messages),
    getPushConfig: getPushConfig(messages),
    createAgent: createAgent(auth),
    adminListAgents: listAgents(messages, presence),
    adminGetAgent: getAgent(messages, presence),
    updateAgent: updateAgent(messages, presence),
    deleteAgent: deleteAgent(messages, endCredentials),
    listAgentKeys: listAgentKeys(messages),
    createAgentKey: createAgentKey(auth, endCredentials),
    revokeAgentKey: revokeAgentKey(messages, endCredentials),
    createUser: createUser(auth),
    listUsers: listUsers(messages),
    getUser: getUser(messages),
    updateUser: updateUser(auth, endCredentials),
    eraseUser: eraseUser(messages, endCredentials),
    exportUser: exportUser(messages),
    listAudit: listAudit(messages),
    listConnections: listConnections(leases),
    endConnection: endConnection(messages, leases),
    listDeadPushes: listDeadPushes(messages),
    replayDeadPushes: replayDeadPushes(messages),
    health: health(messages, options.dependencies, packageJson.version),
    openapi: openapi(),
  };
}
