import { authCalls } from '@agent-messenger/contracts';
import type { Client } from '@agent-messenger/contracts';
import { createClient, createLogger, loadConfig, Scope } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';
import { configSchema } from '../src/config';
import { startAuth } from '../src/service';

export const secrets = {
  INTERNAL_JWT_SECRET: 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc',
  JWT_SECRET: 'j4Kx8-Ue2Nc6Bw9Yt3Ro7Qa5Mz1Fi0Dgv',
};

export interface TestAuth {
  auth: Client<typeof authCalls>;
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
  const auth = createClient(authCalls, {
    url,
    service: 'auth',
    secret: secrets.INTERNAL_JWT_SECRET,
    scope,
  });
  return { auth, url, metrics, close: () => scope.close() };
}

export function failing(code: string, more: object = {}) {
  return expect.objectContaining({ code, ...more }) as unknown;
}
