import type { RuleName } from '../rules';
import { remove, set, type Break } from './break-manifest';
import { brokenContainers } from './containers';
import { brokenEnvironmentsAndPorts } from './environment-and-ports';
import { brokenSelectorsAndScaling } from './selectors-and-scaling';

/** What is wrong, how it becomes so, and a part of what is then said. */
export type Case = [what: string, break_: Break, says: string];
export type Broken = Partial<Record<RuleName, Case[]>>;

/** For each rule what it must find. */
export const brokenManifests: Record<RuleName, Case[]> = {
  ...brokenContainers,
  ...brokenEnvironmentsAndPorts,
  ...brokenSelectorsAndScaling,
};

/** What the schemas must find. */
export const brokenFields: Case[] = [
  [
    'a misspelt field',
    set('Deployment gateway', 'spec.template.spec.containers.0.readinesProbe', {}),
    '/spec/template/spec/containers/0/readinesProbe is no field of a Deployment',
  ],
  ['a wrong type', set('StatefulSet messages', 'spec.replicas', '1'), 'replicas must be integer'],
  [
    'a missing field',
    set('Deployment gateway', 'spec.selector', undefined),
    'must have required property selector',
  ],
  [
    'an unknown word',
    set('Deployment gateway', 'spec.strategy.type', 'Rolling'),
    'type must be equal to one of',
  ],
  [
    'a misspelt field of KEDA',
    set('ScaledObject push-worker', 'spec.minReplicas', 1),
    '/spec/minReplicas is no field of a ScaledObject',
  ],
  [
    'an old version',
    set('HorizontalPodAutoscaler auth', 'apiVersion', 'autoscaling/v2beta2'),
    'no schema for autoscaling/v2beta2 HorizontalPodAutoscaler',
  ],
];

/** What the rule of the store must find where it is PostgreSQL's. */
export const brokenReplicas: Case[] = [
  ['one replica', set('Deployment messages', 'spec.replicas', 1), 'messages has no second replica'],
  [
    'more connections than PostgreSQL has',
    set('Deployment messages', 'spec.replicas', 10),
    'messages opens up to 110 connections',
  ],
  [
    'no database',
    set('Deployment messages', 'spec.template.spec.containers.0.env', []),
    'messages has no database',
  ],
];

const ingressOf = (name: string, path: string, value?: unknown) =>
  set(`NetworkPolicy ${name}`, `spec.ingress.0.${path}`, value);

/** Connections that appear, or that are missing, when a policy is wrong. */
export const brokenPolicies: Case[] = [
  ['nothing is denied', remove('NetworkPolicy default-deny'), 'redis-live → internet 443/TCP'],
  ['all ports', ingressOf('gateway', 'ports'), 'ingress controller → gateway 9090/TCP'],
  [
    'a whole namespace',
    ingressOf('gateway', 'from.0.podSelector'),
    'stranger beside the ingress controller → gateway 8080/TCP',
  ],
  [
    'all namespaces',
    ingressOf('auth', 'from.0.namespaceSelector', {}),
    'gateway of another namespace → auth 9090/TCP',
  ],
  ['everybody', ingressOf('auth', 'from'), 'internet → auth 9090/TCP'],
  [
    'private networks',
    set('NetworkPolicy push-worker', 'spec.egress.1.to.0.ipBlock.except', undefined),
    'push-worker → cloud metadata 443/TCP',
  ],
  ['no names', remove('NetworkPolicy dns'), 'gateway → dns 53/UDP'],
  [
    'a caller is missing',
    ingressOf('messages', 'from.0.podSelector.matchExpressions.0.values', ['gateway']),
    'auth → messages 9090/TCP',
  ],
  [
    'everybody outwards',
    set('NetworkPolicy push-worker', 'spec.podSelector', {}),
    'gateway → internet 443/TCP',
  ],
];
