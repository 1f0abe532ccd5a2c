import type { adminRoutes } from '../../routes/admin';
import type { serviceRoutes } from '../../routes/service';
import { adminAgent, agentKey, API_KEY, at, IDS, LOGIN_CODE, user } from './objects';
import type { RouteExample } from './route-example';

const ofAgent = { agent_id: IDS.agent };
const ofUser = { user_id: IDS.user };

export const operatorExamples: {
  [N in keyof typeof adminRoutes | keyof typeof serviceRoutes]: RouteExample<N>;
} = {
  createAgent: {
    body: { name: 'Ada', description: 'Answers questions about invoices.', model: 'some-model-1' },
    answer: { agent: adminAgent, api_key: API_KEY, key_id: IDS.key },
  },
  adminListAgents: { query: { limit: '20' }, answer: { agents: [adminAgent], next_cursor: null } },
  adminGetAgent: { params: ofAgent, answer: adminAgent },
  updateAgent: {
    params: ofAgent,
    body: { description: 'Knows all about invoices.' },
    answer: { ...adminAgent, description: 'Knows all about invoices.' },
  },
  deleteAgent: { params: ofAgent },
  listAgentPeople: {
    params: ofAgent,
    answer: {
      people: [{ id: IDS.user, username: 'grace', added_at: at }],
      next_cursor: null,
    },
  },
  addAgentPerson: { params: { ...ofAgent, ...ofUser } },
  removeAgentPerson: { params: { ...ofAgent, ...ofUser } },
  listAgentKeys: { params: ofAgent, answer: { keys: [agentKey], next_cursor: null } },
  createAgentKey: {
    params: ofAgent,
    body: { name: 'next', replaces: IDS.key, overlap_s: 3_600 },
    answer: { ...agentKey, key_id: '9a0b7c6d5e4f3021', name: 'next', api_key: API_KEY },
  },
  revokeAgentKey: { params: { ...ofAgent, key_id: IDS.key } },
  createUser: {
    body: { username: 'grace', password: 'correct horse' },
    answer: { user_id: IDS.user, username: 'grace' },
  },
  listUsers: { query: { username: 'grace' }, answer: { users: [user], next_cursor: null } },
  getUser: { params: ofUser, answer: user },
  updateUser: {
    params: ofUser,
    body: { disabled: true },
    answer: { ...user, disabled_at: at, sessions: 0 },
  },
  createLoginLink: { params: ofUser, answer: { code: LOGIN_CODE, expires_at: at } },
  eraseUser: { params: ofUser },
  exportUser: {
    params: ofUser,
    query: { limit: '1' },
    answer: {
      records: [
        {
          type: 'user',
          data: { id: IDS.user, username: 'grace', created_at: at, disabled_at: null },
        },
      ],
      next_cursor: 'WyJzZXNzaW9uIl0',
    },
  },
  listSessions: {
    params: ofUser,
    answer: {
      sessions: [
        {
          id: '0197f1c2-b166-7e72-8a94-3f1d5c7b9e24',
          created_at: at,
          last_used_at: at,
          expires_at: '2026-12-28T10:15:30.000Z',
        },
      ],
      next_cursor: null,
    },
  },
  endSessions: { params: ofUser },
  listAudit: {
    query: { action: 'agent.create', limit: '1' },
    answer: {
      entries: [
        {
          id: '0197f1c2-c177-7f83-9b05-4a2e6d8c1f35',
          at,
          actor: { kind: 'admin', id: null },
          ip: '192.0.2.7',
          action: 'agent.create',
          target: IDS.agent,
          result: 'ok',
        },
      ],
      next_cursor: null,
    },
  },
  listConnections: {
    answer: {
      connections: [
        {
          identity_id: IDS.agent,
          connection_id: '0197f1c2-d288-7a94-8c16-5b3f7e9d2a46',
          gateway_id: '0197f1c2-5c00-7a00-9100-8b7d6c5a4930',
          credential_id: IDS.key,
          status: 'online',
        },
      ],
      next_cursor: null,
    },
  },
  endConnection: { params: { identity_id: IDS.agent } },
  getStatus: {
    answer: {
      services: [
        { name: 'gateway', status: 'ok', version: '0.2.0' },
        { name: 'auth', status: 'ok', version: '0.2.0' },
        { name: 'messages', status: 'ok', version: '0.2.0' },
        { name: 'push-worker', status: 'ok', version: '0.2.0' },
      ],
      dependencies: { redis: { status: 'ok', latency_ms: 1 } },
      storage: {
        status: 'ok',
        used_bytes: 73_400_320,
        free_bytes: 42_949_672_960,
        reserve_bytes: 1_073_741_824,
        at_quota: 0,
      },
      queues: [
        { platform: 'fcm', mode: 'on', waiting: 0, active: 1, delayed: 0, dead: 0, workers: 1 },
      ],
    },
  },
  listDeadPushes: {
    answer: {
      dead: [
        {
          id: 'fcm:17',
          platform: 'fcm',
          user_id: IDS.user,
          conversation_id: IDS.conversation,
          device_id: 'phone',
          reason: 'FCM answered 503',
          attempts: 8,
          failed_at: at,
        },
      ],
      next_cursor: null,
    },
  },
  replayDeadPushes: { body: { ids: ['fcm:17'] }, answer: { replayed: 0 } },
  health: {
    answer: {
      status: 'ok',
      version: '0.1.0',
      uptime_s: 3_600,
      dependencies: { redis: { status: 'ok', latency_ms: 1 } },
      registration: 'closed',
      push: { apns: 'off', fcm: 'on', webpush: 'off' },
    },
  },
  readyz: { answer: { status: 'ready' } },
  openapi: {},
  asyncapi: {},
};
