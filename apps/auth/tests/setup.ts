import type { CallResponse, Client, Origin } from '@agent-messenger/contracts';
import { authCalls } from '@agent-messenger/contracts';
import { createClient, createLogger, loadConfig, Scope } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';
import type { z } from 'zod';
import { configSchema } from '../src/config';
import { startAuth } from '../src/service';

export const secrets = {
  INTERNAL_JWT_SECRET: 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc',
  JWT_SECRET: 'j4Kx8-Ue2Nc6Bw9Yt3Ro7Qa5Mz1Fi0Dgv',
};

/** Nobody in particular, from this address. */
export const from = (ip: string): Origin => ({ actor: { kind: 'anyone', id: null }, ip });
const by = from('192.0.2.1');

type AuthCalls = typeof authCalls;
/** The calls of auth, from `by` unless they say otherwise. */
export type AuthClient = {
  [N in keyof AuthCalls]: (
    request: Omit<z.input<AuthCalls[N]['request']>, 'by'> & { by?: Origin },
  ) => Promise<CallResponse<AuthCalls, N>>;
};

export interface TestAuth {
  auth: AuthClient;
  url: string;
  metrics: Registry;
  close(): Promise<void>;
}

/** The service on a free port, and its client. */
export async function startTestAuth(env: Record<string, string>): Promise<TestAuth> {
  const config = loadConfig(configSchema, {
    ...secrets,
    HOST: '127.0.0.1',
    INTERNAL_PORT: '0',
    LOG_LEVEL: 'silent',
    ...env,
  });
  const log = createLogger({ name: 'auth', level: config.LOG_LEVEL });
  const scope = new Scope(log);
  const metrics = new Registry();
  const { internalPort } = await startAuth(config, { log, scope, metrics });
  const url = `http://127.0.0.1:${internalPort}`;
  const client = createClient(authCalls, {
    url,
    service: 'auth',
    secret: secrets.INTERNAL_JWT_SECRET,
    scope,
  });
  return { auth: withOrigin(client), url, metrics, close: () => scope.close() };
}

function withOrigin(client: Client<AuthCalls>): AuthClient {
  const calls = Object.entries(client).map(([name, call]) => [
    name,
    (request: object) => call({ by, ...request } as never),
  ]);
  return Object.fromEntries(calls) as AuthClient;
}

export function failing(code: string, more: object = {}) {
  return expect.objectContaining({ code, ...more }) as unknown;
}
