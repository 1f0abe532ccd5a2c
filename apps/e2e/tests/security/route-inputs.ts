import type { RouteName } from '@agent-messenger/contracts';
import { createRest, type RestInput } from '@agent-messenger/sdk';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Scene } from './scene';

type RouteInputs = {
  [N in RouteName]: (scene: Scene, url: string) => RestInput<N> | Promise<RestInput<N>>;
};

const newPassword = () => randomBytes(12).toString('hex');
const newUsername = () => `n-${randomBytes(8).toString('hex')}`;
const ofUser = ({ person }: Scene) => ({ params: { user_id: person.id } });
const ofAgent = ({ agent }: Scene) => ({ params: { agent_id: agent.id } });
const ofListing = ({ agent, person }: Scene) => ({
  params: { agent_id: agent.id, user_id: person.id },
});
const inConversation = ({ conversation }: Scene) => ({ params: { conversation_id: conversation } });
const ofMessage = ({ conversation, message }: Scene) => ({
  params: { conversation_id: conversation, message_id: message },
});
const logIn = ({ person }: Scene, url: string) =>
  createRest(url).request('login', {
    body: { username: person.username, password: person.password },
  });

/**
 * A valid input of every route, about what the scene's person and agent have; a new route does not compile without one.
 */
export const routeInputs: RouteInputs = {
  register: () => ({ body: { username: newUsername(), password: newPassword() } }),
  login: ({ person }) => ({ body: { username: person.username, password: person.password } }),
  loginByLink: async ({ loginCode }) => ({ body: { code: await loginCode() } }),
  refresh: async (scene, url) => {
    const { refresh_token } = await logIn(scene, url);
    return { body: { refresh_token } };
  },
  logout: async (scene, url) => {
    const { refresh_token } = await logIn(scene, url);
    return { body: { refresh_token } };
  },
  changePassword: ({ person }) => ({
    body: { current_password: person.password, new_password: newPassword() },
  }),
  deleteAccount: ({ person }) => ({ body: { password: person.password } }),
  agentToken: () => ({}),
  jwks: () => ({}),
  listAgents: () => ({ query: {} }),
  getAgent: ofAgent,
  createConversation: ({ agent }) => ({ body: { agent_id: agent.id } }),
  listConversations: () => ({ query: {} }),
  getConversation: inConversation,
  updateConversation: (scene) => ({ ...inConversation(scene), body: { title: 'A title' } }),
  deleteConversation: inConversation,
  listMessages: (scene) => ({ ...inConversation(scene), query: {} }),
  listEvents: (scene) => ({ ...inConversation(scene), query: {} }),
  markRead: (scene) => ({ ...inConversation(scene), body: { seq: 2 } }),
  sendMessage: (scene) => ({
    ...inConversation(scene),
    body: { client_id: randomUUID(), content: 'again' },
  }),
  editMessage: (scene) => ({ ...ofMessage(scene), body: { content: 'changed' } }),
  deleteMessage: ofMessage,
  addReaction: (scene) => ({ params: { ...ofMessage(scene).params, emoji: '👍' } }),
  removeReaction: (scene) => ({ params: { ...ofMessage(scene).params, emoji: '👍' } }),
  stopStream: ({ conversation, agent }) => ({
    params: { conversation_id: conversation, stream_id: 'answer' },
    body: { agent_id: agent.id },
  }),
  chooseAction: ({ conversation, question }) => ({
    params: { conversation_id: conversation, message_id: question },
    body: { action_id: 'approve' },
  }),
  registerPush: () => ({
    body: { device_id: 'phone', platform: 'fcm', token: randomBytes(32).toString('hex') },
  }),
  unregisterPush: () => ({ body: { token: randomBytes(32).toString('hex') } }),
  getPushConfig: () => ({}),
  createAgent: () => ({ body: { name: 'New' } }),
  adminListAgents: () => ({ query: {} }),
  adminGetAgent: ofAgent,
  updateAgent: (scene) => ({ ...ofAgent(scene), body: { description: 'changed' } }),
  deleteAgent: ofAgent,
  listAgentPeople: (scene) => ({ ...ofAgent(scene), query: {} }),
  addAgentPerson: ofListing,
  removeAgentPerson: ofListing,
  listAgentKeys: (scene) => ({ ...ofAgent(scene), query: {} }),
  createAgentKey: (scene) => ({ ...ofAgent(scene), body: {} }),
  revokeAgentKey: ({ agent }) => ({ params: { agent_id: agent.id, key_id: agent.keyId } }),
  createUser: () => ({ body: { username: newUsername(), password: newPassword() } }),
  listUsers: () => ({ query: {} }),
  getUser: ofUser,
  updateUser: (scene) => ({ ...ofUser(scene), body: { disabled: true } }),
  createLoginLink: ofUser,
  eraseUser: ofUser,
  exportUser: (scene) => ({ ...ofUser(scene), query: {} }),
  listSessions: (scene) => ({ ...ofUser(scene), query: {} }),
  endSessions: ofUser,
  listAudit: () => ({ query: {} }),
  listConnections: () => ({ query: {} }),
  endConnection: ({ person }) => ({ params: { identity_id: person.id } }),
  getStatus: () => ({}),
  listDeadPushes: () => ({ query: {} }),
  replayDeadPushes: () => ({ body: {} }),
  health: () => ({}),
  readyz: () => ({}),
  openapi: () => ({}),
  asyncapi: () => ({}),
};
