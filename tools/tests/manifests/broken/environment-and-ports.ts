import { add, remove, set } from './break-manifest';
import type { Broken } from './broken-manifests';

const config = (name: string, value?: unknown) => set('ConfigMap gateway', `data.${name}`, value);
const deployed = (title: string, path: string, value?: unknown) =>
  set(title, `spec.template.spec.${path}`, value);
const container = (path: string, value?: unknown) =>
  deployed('Deployment gateway', `containers.0.${path}`, value);
const backend = (value: unknown) =>
  set('Ingress gateway', 'spec.defaultBackend', { service: value });
const jwtSecret = (source: object) => ({ name: 'JWT_SECRET', ...source });
const reference = { valueFrom: { secretKeyRef: { name: 'agent-messenger', key: 'jwt-secret' } } };

export const brokenEnvironmentsAndPorts = {
  environment: [
    ['a misspelt name', config('SENDS_PER_MINUT', '5'), 'SENDS_PER_MINUT is no variable'],
    ['a name of another service', config('DB_PATH', '/data'), 'DB_PATH is no variable'],
    ['a missing URL', config('AUTH_URL'), 'AUTH_URL is required'],
    ['a missing secret', container('env', []), 'ADMIN_API_KEY is required'],
    ['an unknown word', set('ConfigMap common', 'data.LOG_LEVEL', 'loud'), '/LOG_LEVEL must be'],
    ['too much', config('DRAIN_SPREAD_MS', '60000'), '/DRAIN_SPREAD_MS must be <= 20000'],
    ['no URL', config('AUTH_URL', 'auth'), '/AUTH_URL must match format'],
    [
      'a secret that is for others',
      deployed('StatefulSet messages', 'containers.0.env.0', jwtSecret(reference)),
      'JWT_SECRET is no variable',
    ],
  ],
  configMaps: [
    ['none', container('envFrom.0.configMapRef.name', 'commons'), 'there is no ConfigMap commons'],
    ['no hash', set('ConfigMap gateway', 'metadata.name', 'gateway'), 'has no hash in its name'],
    ['nobody reads it', container('envFrom', []), 'is read by nothing'],
    [
      'none for a volume',
      deployed('Deployment redis-live', 'volumes.0.configMap.name', 'x'),
      'there is no ConfigMap x',
    ],
  ],
  secrets: [
    ['in a pod', container('env.0', jwtSecret({ value: 'x' })), 'JWT_SECRET comes from no Secret'],
    ['in a ConfigMap', config('ADMIN_API_KEY', 'x'), 'ADMIN_API_KEY comes from no Secret'],
    ['a password in a URL', config('X', 'redis://:p@redis'), 'contains a password or key'],
    ['a key', config('X', '-----BEGIN PRIVATE KEY-----'), 'contains a password or key'],
    ['all keys', container('envFrom.0', { secretRef: { name: 'agent-messenger' } }), 'all keys'],
    [
      'a file that is none',
      deployed('Deployment push-worker', 'volumes', []),
      'FCM_SERVICE_ACCOUNT comes from no Secret',
    ],
    [
      'beside the manifests',
      add({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } }),
      'Secret key is kept here',
    ],
  ],
  tokenKeys: [
    ['another kind', config('JWT_ES256'), 'differ: ES256, 0 kinds of keys in gateway'],
    ['two kinds', container('env.0', jwtSecret(reference)), '2 kinds of keys in gateway'],
  ],
  containerPorts: [
    ['moved', config('PORT', '8081'), 'port public is 8080, PORT is 8081'],
    [
      'moved inside',
      container('ports.1.containerPort', 91),
      'port internal is 91, INTERNAL_PORT is',
    ],
    ['none', container('ports.0.name', 'http'), 'port public is undefined'],
  ],
  namedPorts: [
    ['a Service', set('Service auth', 'spec.ports.0.targetPort', 'http'), 'auth has no port http'],
    ['a probe', container('livenessProbe.httpGet.port', 'health'), 'asks at port health'],
    [
      'a monitor',
      set('PodMonitor agent-messenger', 'spec.podMetricsEndpoints.0.port', 'metrics'),
      'has no port metrics',
    ],
    [
      'an annotation',
      set('Deployment auth', 'spec.template.metadata.annotations', { 'prometheus.io/port': '9' }),
      'Prometheus is told of port 9',
    ],
  ],
  serviceUrls: [
    ['no such Service', config('AUTH_URL', 'http://oauth:9090'), 'no Service is at http://oauth'],
    ['no such port', config('AUTH_URL', 'http://auth'), 'no Service is at http://auth'],
    ['no Service', remove('Service messages'), 'MESSAGES_URL: no Service is at'],
  ],
  publicPorts: [
    [
      'the internal one',
      backend({ name: 'gateway-internal', port: { name: 'internal' } }),
      'leads to gateway-internal',
    ],
    ['another service', backend({ name: 'auth', port: { number: 9090 } }), 'leads to auth'],
    ['a node port', set('Service auth', 'spec.type', 'NodePort'), 'can be reached from outside'],
    [
      'two ports',
      set('Service gateway', 'spec.ports.1', { name: 'internal', port: 9090 }),
      'has other ports beside the public one',
    ],
  ],
} satisfies Broken;
