import type { ServiceMetrics } from '../../src/docs/metrics';
import { ofKind, titleOf, type Rule } from './manifest';

/** What is scaled by a metric is scaled by one that exists: for pods one of their own. */
export function metrics(measured: ServiceMetrics[]): Rule {
  const namesOf = (service?: string) =>
    measured
      .filter((one) => service === undefined || one.service === service)
      .flatMap((one) => one.metrics.map(({ name }) => name));
  return (manifests) => [
    ...ofKind(manifests, 'HorizontalPodAutoscaler').flatMap((scaler) =>
      (scaler.spec?.metrics ?? [])
        .flatMap(({ pods }) => pods?.metric.name ?? [])
        .filter((name) => !namesOf(scaler.spec?.scaleTargetRef.name).includes(name))
        .map((name) => `${titleOf(scaler)}: its pods do not measure ${name}`),
    ),
    ...ofKind(manifests, 'ScaledObject').flatMap((scaler) =>
      scaler.spec.triggers
        .flatMap(({ metadata }) => metadata['query']?.match(/\w+(?=\{)/g) ?? [''])
        .filter((name) => !namesOf().includes(name))
        .map((name) => `${titleOf(scaler)}: nothing measures ${name}`),
    ),
  ];
}
