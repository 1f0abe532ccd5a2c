import { answerOf, ask, untilRefused } from '../ask';
import type { GreedyPeer } from '../greedy-peer';
import { GreedySocket } from '../greedy-socket';
import { createPair, fill, LARGE, openConversation } from '../scene';

const LIMITED = 'rate_limited, with a time';

/** Little to ask for, much to answer, or to keep. */
export const bytes: GreedyPeer[] = [
  {
    name: 'listings with large last messages',
    does: 'lists conversations whose last messages are as large as can be, four at a time',
    answers: [`429 ${LIMITED}`],
    async prepare(scene) {
      const pair = await createPair(scene);
      const bearer = pair.person.access_token;
      for (let n = 0; n < 50; n += 1) {
        const conversationId = await openConversation(scene, pair.person, pair.agent);
        await fill(scene, { ...pair, conversationId }, 1);
      }
      return () =>
        untilRefused(
          async () => answerOf(await ask(scene, 'GET', '/conversations?limit=200', { bearer })),
          { most: 200, atOnce: 4 },
        );
    },
  },
  {
    name: 'reactions to large messages',
    does: 'sets and takes back a reaction to a message that is as large as can be',
    answers: [LIMITED],
    async prepare(scene) {
      const pair = await createPair(scene);
      const [message_id] = await fill(scene, pair, 1);
      return async () => {
        const socket = await GreedySocket.person(
          scene,
          'plain WebSocket',
          pair.person.access_token,
        );
        const { conversationId: conversation_id } = pair;
        const answer = await untilRefused(
          (n) =>
            socket.request('reaction:set', {
              conversation_id,
              message_id,
              emoji: '👍',
              set: n % 2 === 0,
            }),
          { most: 2_000, atOnce: 10 },
        );
        socket.close();
        return answer;
      };
    },
  },
  {
    name: 'the largest messages',
    does: 'sends messages that are as large as can be, as many as it may',
    // By default it is read so slowly that it has not spent its budget when a round ends.
    answers: [LIMITED, 'ok'],
    first: LIMITED,
    async prepare(scene) {
      const { person, conversationId: conversation_id } = await createPair(scene);
      let sent = 0;
      return async () => {
        const socket = await GreedySocket.person(scene, 'Socket.IO', person.access_token);
        const answer = await untilRefused(
          () => {
            sent += 1;
            const client_id = `large-${sent}`;
            return socket.request('message:send', { conversation_id, client_id, content: LARGE });
          },
          { most: 140 },
        );
        socket.close();
        return answer;
      };
    },
  },
  {
    name: 'more than one may store',
    does: 'sends the largest messages with the most metadata over REST, as many as are taken',
    answers: ['409 conflict', `429 ${LIMITED}`, '201'],
    first: '409 conflict',
    async prepare(scene) {
      const { person, conversationId } = await createPair(scene);
      const path = `/conversations/${conversationId}/messages`;
      const metadata = { filler: 'x'.repeat(8_000) };
      let sent = 0;
      return () =>
        untilRefused(
          async () => {
            sent += 1;
            const body = { client_id: `more-${sent}`, content: LARGE, metadata };
            return answerOf(await ask(scene, 'POST', path, { bearer: person.access_token, body }));
          },
          { most: 140 },
        );
    },
  },
  {
    name: 'empty conversations',
    does: 'makes conversations and writes nothing in them, for what an agent may do grows with its conversations',
    answers: [`429 ${LIMITED}`, '201'],
    first: `429 ${LIMITED}`,
    async prepare(scene) {
      const { person, agent } = await createPair(scene);
      const body = { agent_id: agent.id };
      return () =>
        untilRefused(
          async () =>
            answerOf(
              await ask(scene, 'POST', '/conversations', { bearer: person.access_token, body }),
            ),
          { most: 140 },
        );
    },
  },
  {
    name: 'choices of one message',
    does: 'chooses what was chosen, again and again',
    answers: [LIMITED],
    async prepare(scene) {
      const { person, agent, conversationId: conversation_id } = await createPair(scene);
      const path = `/conversations/${conversation_id}/messages`;
      const body = {
        client_id: 'question',
        content: 'Which one?',
        actions: [{ id: 'one', label: 'One' }],
      };
      const asked = await ask(scene, 'POST', path, { bearer: agent.api_key, body });
      const message_id = (asked.body as { message: { id: string } }).message.id;
      return async () => {
        const socket = await GreedySocket.person(scene, 'plain WebSocket', person.access_token);
        const answer = await untilRefused(
          () => socket.request('action:choose', { conversation_id, message_id, action_id: 'one' }),
          { most: 2_000 },
        );
        socket.close();
        return answer;
      };
    },
  },
];
