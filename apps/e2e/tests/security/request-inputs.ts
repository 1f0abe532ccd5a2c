import type { RequestInput, RequestName } from '@agent-messenger/contracts';
import { randomUUID } from 'node:crypto';
import type { Scene } from './scene';

type RequestInputs = {
  [N in RequestName]: (scene: Scene, own: { token: string }) => RequestInput<N>;
};

const inConversation = ({ conversation }: Scene) => ({ conversation_id: conversation });
const ofMessage = ({ conversation, message }: Scene) => ({
  conversation_id: conversation,
  message_id: message,
});

const ofStream = (scene: Scene) => ({ ...inConversation(scene), stream_id: 'answer' });
const ofAgentsStream = (scene: Scene) => ({ ...ofStream(scene), agent_id: scene.agent.id });

/** A valid payload of every request, about the scene's conversation; a new request does not compile without one. */
export const requestInputs: RequestInputs = {
  'message:send': (scene) => ({
    ...inConversation(scene),
    client_id: randomUUID(),
    content: 'again',
  }),
  'message:edit': (scene) => ({ ...ofMessage(scene), content: 'changed' }),
  'message:delete': ofMessage,
  'reaction:set': (scene) => ({ ...ofMessage(scene), emoji: '👍', set: true }),
  'action:choose': ({ conversation, question }) => ({
    conversation_id: conversation,
    message_id: question,
    action_id: 'approve',
  }),
  received: (scene) => ({ ...inConversation(scene), seq: 2 }),
  read: (scene) => ({ ...inConversation(scene), seq: 2 }),
  sync: (scene) => ({ ...inConversation(scene), after_seq: 0 }),
  typing: (scene) => ({ ...inConversation(scene), typing: true }),
  activity: (scene) => ({ ...inConversation(scene), state: 'thinking' }),
  'stream:start': ofStream,
  'stream:append': (scene) => ({ ...ofStream(scene), offset: 0, text: 'An' }),
  'stream:end': (scene) => ({ ...ofStream(scene), offset: 0, content: 'An answer' }),
  'stream:fail': (scene) => ({ ...ofStream(scene), error: 'No answer.' }),
  'stream:get': ofAgentsStream,
  'stream:stop': ofAgentsStream,
  'presence:watch': ({ person, agent }) => ({ identities: [person.id, agent.id] }),
  'status:set': () => ({ status: 'busy' }),
  'auth:refresh': (_scene, { token }) => ({ token }),
};
