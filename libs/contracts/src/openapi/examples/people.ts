import type { authRoutes } from '../../routes/auth';
import type { pushRoutes } from '../../routes/push';
import { ACCESS_TOKEN, IDS, LOGIN_CODE, REFRESH_TOKEN } from './objects';
import type { RouteExample } from './route-example';

const tokens = {
  access_token: ACCESS_TOKEN,
  refresh_token: REFRESH_TOKEN,
  token_type: 'Bearer',
  expires_in: 900,
  user_id: IDS.user,
} as const;
const device = { device_id: 'phone', platform: 'fcm', token: 'fcm-token-of-the-device' } as const;

export const peopleExamples: {
  [N in keyof typeof authRoutes | keyof typeof pushRoutes]: RouteExample<N>;
} = {
  register: {
    body: { username: 'grace', password: 'correct horse' },
    answer: { user_id: IDS.user, username: 'grace' },
  },
  login: {
    body: { username: 'grace', password: 'correct horse' },
    answer: { ...tokens, device_token: 'amd_0197f1c2b9_3rT6yU8iOpLk' },
  },
  loginByLink: {
    body: { code: LOGIN_CODE },
    answer: { ...tokens, device_token: 'amd_0197f1c2b9_3rT6yU8iOpLk' },
  },
  refresh: { body: { refresh_token: REFRESH_TOKEN }, answer: tokens },
  logout: { body: { refresh_token: REFRESH_TOKEN } },
  agentToken: { answer: { access_token: ACCESS_TOKEN, expires_in: 900, agent_id: IDS.agent } },
  changePassword: {
    body: { current_password: 'correct horse', new_password: 'battery staple' },
  },
  deleteAccount: { body: { password: 'correct horse' } },
  jwks: {
    answer: {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
          kid: '1',
          alg: 'ES256',
          use: 'sig',
        },
      ],
    },
  },
  registerPush: { body: device },
  unregisterPush: { body: { token: device.token } },
  getPushConfig: { answer: { platforms: ['fcm'] } },
};
