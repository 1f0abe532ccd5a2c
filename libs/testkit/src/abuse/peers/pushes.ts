import { createECDH, randomBytes } from 'node:crypto';
import { answerOf, ask } from '../ask';
import type { GreedyPeer } from '../greedy-peer';
import { createPair, UNREACHABLE } from '../scene';

const DEVICES = 20;

export const pushes: GreedyPeer[] = [
  {
    name: 'devices that cannot be reached',
    does: `registers ${DEVICES} devices at endpoints that do not answer, and is written to`,
    answers: ['201', '429 rate_limited, with a time'],
    first: '201',
    async prepare(scene) {
      const { person, agent, conversationId } = await createPair(scene);
      const keys = createECDH('prime256v1');
      keys.generateKeys();
      for (let n = 0; n < DEVICES; n += 1) {
        const body = {
          ...{ device_id: `device-${n}`, platform: 'webpush' },
          token: `${UNREACHABLE}/${n}`,
          keys: {
            p256dh: keys.getPublicKey('base64url'),
            auth: randomBytes(16).toString('base64url'),
          },
        };
        const answer = await ask(scene, 'POST', '/push/register', {
          bearer: person.access_token,
          body,
        });
        if (answer.status !== 204) throw new Error(`register: ${JSON.stringify(answer)}`);
      }
      let sent = 0;
      return async () => {
        sent += 1;
        const body = { client_id: `push-${sent}`, content: 'are you there?' };
        const path = `/conversations/${conversationId}/messages`;
        return answerOf(await ask(scene, 'POST', path, { bearer: agent.api_key, body }));
      };
    },
  },
];
