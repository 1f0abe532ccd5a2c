import { remove, set } from './break-manifest';
import type { Broken } from './broken-manifests';

const GATEWAY = 'Deployment gateway';
const app = (name: string) => ({ matchLabels: { app: name } });
const ingress = (path: string, value?: unknown) => set('Ingress gateway', path, value);
const annotation = (name: string, value?: unknown) =>
  ingress(`metadata.annotations.nginx~ingress~kubernetes~io/${name}`, value);
const path = (index: number, value?: unknown) => ingress(`spec.rules.0.http.paths.${index}`, value);
const store = (path: string, value?: unknown) => set('StatefulSet messages', `spec.${path}`, value);
const scaler = (path: string, value?: unknown) =>
  set('HorizontalPodAutoscaler gateway', `spec.${path}`, value);
const config = (name: string, value?: unknown) => set('ConfigMap gateway', `data.${name}`, value);
const pod = (path: string, value?: unknown) => set(GATEWAY, `spec.template.spec.${path}`, value);

export const brokenSelectorsAndScaling = {
  selectors: [
    ['Service', set('Service auth', 'spec.selector', { app: 'x' }), 'Service auth selects no pod'],
    [
      'budget',
      set('PodDisruptionBudget auth', 'spec.selector', app('auth')),
      'auth selects no pod',
    ],
    ['policy', set('NetworkPolicy auth', 'spec.podSelector', app('auth')), 'auth selects no pod'],
    ['monitor', set('PodMonitor agent-messenger', 'spec.selector', app('x')), 'selects no pod'],
    ['autoscaler', scaler('scaleTargetRef.name', 'gate'), 'gateway selects no workload'],
    [
      'scaled object',
      set('ScaledObject push-worker', 'spec.scaleTargetRef.kind', 'StatefulSet'),
      'ScaledObject push-worker selects no workload',
    ],
    [
      'caller in a policy',
      set('NetworkPolicy auth', 'spec.ingress.0.from.0.podSelector', app('gateway')),
      'NetworkPolicy auth selects no pod',
    ],
    [
      'one of several callers',
      set(
        'NetworkPolicy messages',
        'spec.ingress.0.from.0.podSelector.matchExpressions.0.values.0',
        'oauth',
      ),
      'NetworkPolicy messages selects no oauth',
    ],
  ],
  ownPods: [
    [
      'those of all',
      set(GATEWAY, 'spec.selector.matchLabels', { 'app.kubernetes.io/part-of': 'agent-messenger' }),
      'Deployment gateway selects other pods',
    ],
    [
      'those of others',
      pod('topologySpreadConstraints.0.labelSelector', app('auth')),
      'its spread over kubernetes.io/hostname',
    ],
  ],
  governingServices: [
    ['none', remove('Service messages-headless'), 'no headless Service messages-headless'],
    [
      'with an address',
      set('Service messages-headless', 'spec.clusterIP', '10.0.0.9'),
      'no headless Service messages-headless',
    ],
  ],
  oneStore: [
    ['two', store('replicas', 2), 'messages has 2 replicas'],
    ['none', remove('StatefulSet messages'), 'no StatefulSet messages'],
    [
      'on several nodes',
      store('volumeClaimTemplates.0.spec.accessModes', ['ReadWriteMany']),
      'not one ReadWriteOnce claim',
    ],
    [
      'deleted',
      store('persistentVolumeClaimRetentionPolicy.whenDeleted', 'Delete'),
      'would be deleted',
    ],
    ['updated by hand', store('updateStrategy.type', 'OnDelete'), 'one after the other'],
    [
      'a Deployment with a claim',
      pod('volumes', [{ name: 'x', persistentVolumeClaim: { claimName: 'x' } }]),
      'Deployment gateway has a claim',
    ],
  ],
  scaling: [
    ['two owners', set(GATEWAY, 'spec.replicas', 3), 'belong to it or to its autoscaler'],
    ['no owner', remove('HorizontalPodAutoscaler gateway'), 'belong to it or to its autoscaler'],
    ['the store', scaler('scaleTargetRef.name', 'messages'), 'messages must not be scaled'],
    ['by two', scaler('scaleTargetRef.name', 'auth'), 'auth must not be scaled, or not by two'],
    ['down to one', scaler('minReplicas', 1), 'must keep two'],
    ['the wrong way', scaler('maxReplicas', 2), 'must keep two'],
    ['by what may be missing', scaler('metrics.2'), 'those that may be missing'],
    ['down at once', scaler('behavior'), 'scales down at once'],
  ],
  metrics: [
    ['of pods', scaler('metrics.0.pods.metric.name', 'auth_queue'), 'do not measure auth_queue'],
    [
      'in a query',
      set('ScaledObject push-worker', 'spec.triggers.0.metadata.query', 'max(push_age{a="b"})'),
      'nothing measures push_age',
    ],
  ],
  disruptions: [
    [
      'a node is never drained',
      set('PodDisruptionBudget auth', 'spec.maxUnavailable', 0),
      'maxUnavailable is not 1',
    ],
    ['no budget', remove('PodDisruptionBudget auth'), 'Deployment auth has 0 disruption budgets'],
    ['one node', pod('topologySpreadConstraints', []), 'not spread over kubernetes.io/hostname'],
    [
      'a rollout with a gap',
      set(GATEWAY, 'spec.strategy.rollingUpdate.maxUnavailable', 1),
      'a rollout takes one away',
    ],
  ],
  gracePeriods: [
    ['too short', pod('terminationGracePeriodSeconds', 30), 'closing takes up to 30 s'],
    ['the default', store('template.spec.terminationGracePeriodSeconds', 25), 'up to 25 s'],
    ['a long pause', pod('containers.0.lifecycle.preStop.exec.command.1', '20'), 'up to 45 s'],
    ['a long drain', config('DRAIN_SPREAD_MS', '24000'), 'its drain cannot end in time'],
  ],
  pauses: [['none', pod('containers.0.lifecycle'), 'stops while it is still called']],
  webSockets: [
    ['cut', annotation('proxy-read-timeout', '40'), 'proxy-read-timeout is not above 40 s'],
    ['cut by the default', annotation('proxy-send-timeout'), 'proxy-send-timeout is not above'],
    ['tokens in the log', annotation('enable-access-log'), 'its log has query strings'],
  ],
  publicPaths: [
    ['a route is missing', path(3), 'does not lead to /auth/user'],
    ['a socket is missing', path(0), 'does not lead to /socket.io/'],
    ['admin', path(10, { path: '/', pathType: 'Prefix' }), 'leads to /admin/agents'],
    ['nothing is there', path(10, { path: '/metrics', pathType: 'Exact' }), 'leads to nothing'],
  ],
} satisfies Broken;
