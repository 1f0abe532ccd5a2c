import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicySpec } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicySpec';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IPriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';

export type Manifest =
  | IConfigMap
  | ICronJob
  | IDeployment
  | IHorizontalPodAutoscaler
  | IIngress
  | IJob
  | INamespace
  | INetworkPolicy
  | IPersistentVolumeClaim
  | IPodDisruptionBudget
  | IPodMonitor
  | IPriorityClass
  | IScaledObject
  | ISecret
  | IService
  | IServiceAccount
  | IStatefulSet;

/** What is wrong with a set of manifests, one line each; empty when nothing is. */
export type Rule = (manifests: Manifest[]) => string[];

type OfKind<K extends Manifest['kind']> = Extract<Manifest, { kind: K }>;
export type Labels = Record<string, string>;
export type LabelSelector = INetworkPolicySpec['podSelector'];

export const NAME_LABEL = 'app.kubernetes.io/name';
/** The services of this repository; what else runs is not configured by their schemas. */
export const SERVICES = ['auth', 'gateway', 'messages', 'push-worker'];

/** A kind of pods: whatever makes them. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'CronJob' | 'Job';
  name: string;
  /** Kind and name, for messages. */
  title: string;
  labels: Labels;
  annotations: Labels;
  pod: IPodSpec;
  containers: IContainer[];
  /** False for what ends by itself. */
  isLongRunning: boolean;
}

export function titleOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata?.name ?? '?'}`;
}

export function ofKind<K extends Manifest['kind']>(manifests: Manifest[], kind: K): OfKind<K>[] {
  return manifests.filter((manifest): manifest is OfKind<K> => manifest.kind === kind);
}

export function workloadsOf(manifests: Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const template = podTemplateOf(manifest);
    if (!template?.spec) return [];
    const { kind, metadata } = manifest as Exclude<Manifest, IScaledObject>;
    const pod = template.spec;
    return {
      kind: kind as Workload['kind'],
      name: metadata?.name ?? '?',
      title: titleOf(manifest),
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
      pod,
      containers: [...(pod.initContainers ?? []), ...pod.containers],
      isLongRunning: kind === 'Deployment' || kind === 'StatefulSet',
    };
  });
}

function podTemplateOf(manifest: Manifest) {
  switch (manifest.kind) {
    case 'Deployment':
    case 'StatefulSet':
    case 'Job':
      return manifest.spec?.template;
    case 'CronJob':
      return manifest.spec?.jobTemplate.spec?.template;
    default:
      return undefined;
  }
}

/** Those that run a service of ours, with the container in which it does. */
export function servicesOf(
  manifests: Manifest[],
): { service: string; workload: Workload; container: IContainer }[] {
  return workloadsOf(manifests).flatMap((workload) => {
    const container = workload.containers.find(({ name }) => SERVICES.includes(name));
    if (!container || !workload.isLongRunning) return [];
    return { service: container.name, workload, container };
  });
}

export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  const hasLabels = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const fits = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    throw new Error(`There is no operator ${operator} of label selectors`);
  });
  return hasLabels && fits;
}
