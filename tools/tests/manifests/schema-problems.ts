import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { CronJob } from 'kubernetes-models/batch/v1/CronJob';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { PriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';

/** With the schemas of Kubernetes 1.27, KEDA 2.10 and the Prometheus operator. */
const models = [
  ConfigMap,
  CronJob,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  PodMonitor,
  PriorityClass,
  ScaledObject,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
];

/** What the schema of its kind says against a manifest; fields that it does not know are among it. */
export function schemaProblems(manifest: { apiVersion?: string; kind?: string }): string[] {
  const { apiVersion, kind } = manifest;
  const model = models.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (!model) return [`no schema for ${apiVersion} ${kind}`];
  const unread = new Set<string>();
  const problems: string[] = [];
  try {
    model.prototype.validate.call(watched(manifest, unread));
  } catch (error) {
    problems.push(String(error));
  }
  return [...problems, ...[...unread].map((path) => `${path} is no field of a ${kind}`)];
}

/**
 * The same value, and the paths in it that have not been read. The validators are compiled from schemas that allow
 * unknown fields, as OpenAPI does; but they read what they know and nothing else, so that a misspelt field stays
 * unread.
 */
function watched<T extends object>(value: T, unread: Set<string>, path = ''): T {
  const children = new Map<string, unknown>();
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  return new Proxy(value, {
    get(target, key, receiver) {
      const child: unknown = Reflect.get(target, key, receiver);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return child;
      unread.delete(`${path}/${key}`);
      if (typeof child !== 'object' || child === null) return child;
      if (!children.has(key)) children.set(key, watched(child, unread, `${path}/${key}`));
      return children.get(key);
    },
  });
}
