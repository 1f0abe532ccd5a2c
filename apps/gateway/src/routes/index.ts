import type { Dependencies, Logger } from '@agent-messenger/service-kit';
import packageJson from '../../package.json';
import type { GatewayContext } from '../context';
import { createEndCredentials } from '../connections/end-credentials';
import type { ForgetPerson } from '../connections/forget-person';
import type { RouteHandlers } from '../http/rest-server';
import { addAgentPerson } from './add-agent-person';
import { addReaction } from './add-reaction';
import { adminGetAgent } from './admin-get-agent';
import { adminListAgents } from './admin-list-agents';
import { agentToken } from './agent-token';
import { asyncapi } from './asyncapi';
import { changePassword } from './change-password';
import { chooseAction } from './choose-action';
import { createAgent } from './create-agent';
import { createAgentKey } from './create-agent-key';
import { createConversation } from './create-conversation';
import { createLoginLink } from './create-login-link';
import { createUser } from './create-user';
import { deleteAccount } from './delete-account';
import { deleteAgent } from './delete-agent';
import { deleteConversation } from './delete-conversation';
import { deleteMessage } from './delete-message';
import { editMessage } from './edit-message';
import { endConnection } from './end-connection';
import { endSessions } from './end-sessions';
import { eraseUser } from './erase-user';
import { exportUser } from './export-user';
import { getAgent } from './get-agent';
import { getConversation } from './get-conversation';
import { getPushConfig } from './get-push-config';
import { getStatus, type StatusOptions } from './get-status';
import { getUser } from './get-user';
import { health } from './health';
import { jwks } from './jwks';
import { listAgentKeys } from './list-agent-keys';
import { listAgentPeople } from './list-agent-people';
import { listAgents } from './list-agents';
import { listAudit } from './list-audit';
import { listConnections } from './list-connections';
import { listConversations } from './list-conversations';
import { listDeadPushes } from './list-dead-pushes';
import { listEvents } from './list-events';
import { listMessages } from './list-messages';
import { listSessions } from './list-sessions';
import { listUsers } from './list-users';
import { login } from './login';
import { loginByLink } from './login-by-link';
import { logout } from './logout';
import { markRead } from './mark-read';
import { openapi } from './openapi';
import { readyz } from './readyz';
import { refresh } from './refresh';
import { register } from './register';
import { registerPush } from './register-push';
import { removeAgentPerson } from './remove-agent-person';
import { removeReaction } from './remove-reaction';
import { replayDeadPushes } from './replay-dead-pushes';
import { revokeAgentKey } from './revoke-agent-key';
import { sendMessage } from './send-message';
import { stopStream } from './stop-stream';
import { unregisterPush } from './unregister-push';
import { updateAgent } from './update-agent';
import { updateConversation } from './update-conversation';
import { updateUser } from './update-user';

export function routeHandlers(
  { appends, auth, credentials, leases, messages, presence, streams }: GatewayContext,
  options: {
    registrationOpen: boolean;
    dependencies: Dependencies;
    forgetPerson: ForgetPerson;
    isDraining: () => boolean;
    basePath: string;
    versions: StatusOptions['versions'];
    log: Logger;
  },
): RouteHandlers {
  const endCredentials = createEndCredentials(leases, credentials.confirmed, options.log);
  return {
    register: register(auth, options.registrationOpen),
    login: login(auth, endCredentials),
    loginByLink: loginByLink(auth, endCredentials),
    createLoginLink: createLoginLink(auth),
    refresh: refresh(auth, endCredentials),
    logout: logout(auth, endCredentials),
    changePassword: changePassword(auth, endCredentials),
    deleteAccount: deleteAccount(auth, endCredentials, options.forgetPerson),
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
    addReaction: addReaction(appends, messages),
    removeReaction: removeReaction(appends, messages),
    stopStream: stopStream(streams.readers),
    chooseAction: chooseAction(appends, messages),
    registerPush: registerPush(messages),
    unregisterPush: unregisterPush(messages),
    getPushConfig: getPushConfig(messages),
    createAgent: createAgent(auth),
    adminListAgents: adminListAgents(messages, presence),
    adminGetAgent: adminGetAgent(messages, presence),
    updateAgent: updateAgent(messages, presence),
    deleteAgent: deleteAgent(messages, endCredentials),
    listAgentPeople: listAgentPeople(messages),
    addAgentPerson: addAgentPerson(messages),
    removeAgentPerson: removeAgentPerson(messages),
    listAgentKeys: listAgentKeys(messages),
    createAgentKey: createAgentKey(auth, endCredentials),
    revokeAgentKey: revokeAgentKey(messages, endCredentials),
    createUser: createUser(auth),
    listUsers: listUsers(messages),
    getUser: getUser(messages),
    updateUser: updateUser(auth, endCredentials),
    eraseUser: eraseUser(messages, endCredentials, options.forgetPerson),
    exportUser: exportUser(messages),
    listSessions: listSessions(messages),
    endSessions: endSessions(messages, endCredentials),
    listAudit: listAudit(messages),
    listConnections: listConnections(leases),
    endConnection: endConnection(messages, leases),
    listDeadPushes: listDeadPushes(messages),
    replayDeadPushes: replayDeadPushes(messages),
    getStatus: getStatus({ messages, ...options, version: packageJson.version }),
    health: health(messages, { ...options, version: packageJson.version }),
    readyz: readyz(options.isDraining),
    asyncapi: asyncapi(options.basePath),
    openapi: openapi(options.basePath),
  };
}
