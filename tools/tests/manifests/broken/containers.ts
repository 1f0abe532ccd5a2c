import { remove, set } from './break-manifest';
import type { Broken } from './broken-manifests';

const pod = (path: string, value?: unknown) =>
  set('Deployment gateway', `spec.template.spec.${path}`, value);
const container = (path: string, value?: unknown) => pod(`containers.0.${path}`, value);
const context = (path: string, value?: unknown) => container(`securityContext.${path}`, value);
const store = (path: string, value?: unknown) =>
  set('StatefulSet messages', `spec.template.spec.${path}`, value);

export const brokenContainers = {
  limits: [
    ['memory without bound', container('resources.limits.memory'), 'no limits of memory'],
    ['no requests', container('resources.requests'), 'no requests of cpu'],
    ['a folder without bound', store('volumes.0.emptyDir', {}), 'volume tmp has no size limit'],
  ],
  probes: [
    ['no readiness', container('readinessProbe'), 'no readinessProbe'],
    ['no start', store('containers.0.startupProbe'), 'no startupProbe'],
    [
      'liveness by dependencies',
      container('livenessProbe.httpGet.path', '/readyz'),
      'livenessProbe is not /livez',
    ],
    [
      'from outside',
      container('readinessProbe.httpGet.port', 'public'),
      'readinessProbe is not /readyz at the port internal',
    ],
  ],
  security: [
    ['root', pod('securityContext.runAsUser', 0), 'runAsUser'],
    ['maybe root', pod('securityContext.runAsNonRoot'), 'runAsNonRoot'],
    ['all calls', pod('securityContext.seccompProfile.type', 'Unconfined'), 'seccompProfile'],
    ['the network of the node', pod('hostNetwork', true), 'hostNetwork is on'],
    ['a folder of the node', pod('volumes', [{ name: 'x', hostPath: { path: '/' } }]), 'volume x'],
    ['a port of the node', container('ports.0.hostPort', 80), 'a port of its node'],
    ['no context', container('securityContext'), 'may gain privileges'],
    ['writable', context('readOnlyRootFilesystem', false), 'may write its root file system'],
    ['a capability', context('capabilities.add', ['NET_ADMIN']), 'adds capabilities'],
    ['most capabilities', context('capabilities.drop', ['KILL']), 'keeps capabilities'],
    ['privileged', context('privileged', true), 'is privileged'],
    ['a container of root', context('runAsUser', 0), 'runs as root'],
  ],
  namespace: [
    ['elsewhere', set('Service auth', 'metadata.namespace', 'default'), 'auth is not in'],
    ['none', remove('Namespace agent-messenger'), 'there are 0 namespaces'],
    [
      'nothing enforced',
      set('Namespace agent-messenger', 'metadata.labels', {}),
      'does not enforce "restricted"',
    ],
  ],
  images: [
    ['no tag', container('image', 'registry:5000/agent-messenger/gateway'), 'has no version'],
    ['latest', container('image', 'agent-messenger/gateway:latest'), 'has no version'],
  ],
  accounts: [
    ['a token', pod('automountServiceAccountToken'), 'Deployment gateway gets a token'],
    ['none', remove('ServiceAccount gateway'), 'no ServiceAccount gateway'],
    ['variables of Services', pod('enableServiceLinks'), 'gets variables of Services'],
    [
      'a token for whoever asks',
      set('ServiceAccount auth', 'automountServiceAccountToken', true),
      'ServiceAccount auth hands out a token',
    ],
  ],
  priorities: [
    [
      'none',
      remove('PriorityClass agent-messenger-store'),
      'StatefulSet messages: there is no PriorityClass agent-messenger-store',
    ],
  ],
  names: [
    [
      'another label',
      set('Deployment gateway', 'spec.template.metadata.labels', { app: 'gateway' }),
      'another app.kubernetes.io/name',
    ],
  ],
} satisfies Broken;
