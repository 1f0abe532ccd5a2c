import {
  ofKind,
  selects,
  titleOf,
  workloadsOf,
  type LabelSelector,
  type Manifest,
} from './manifest';

/** Whatever looks for pods, or for what makes them, finds some. */
export function selectors(manifests: Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  const finds = (selector: LabelSelector | undefined) =>
    workloads.some(({ labels }) => selects(selector, labels));
  const nothing = (who: Manifest, what = 'pod') => `${titleOf(who)} selects no ${what}`;

  const policies = ofKind(manifests, 'NetworkPolicy').flatMap((policy) => {
    const { podSelector, ingress = [], egress = [] } = policy.spec ?? {};
    const peers = [
      ...ingress.flatMap(({ from = [] }) => from),
      ...egress.flatMap(({ to = [] }) => to),
    ];
    // With a namespace selector they are somebody else's.
    const own = peers.filter((peer) => peer.podSelector && !peer.namespaceSelector);
    return [podSelector, ...own.map((peer) => peer.podSelector)].flatMap((selector) => [
      ...(finds(selector) ? [] : [nothing(policy)]),
      ...unknownValues(
        selector,
        workloads.map(({ labels }) => labels),
      ).map((value) => nothing(policy, value)),
    ]);
  });
  const scaled = [
    ...ofKind(manifests, 'HorizontalPodAutoscaler'),
    ...ofKind(manifests, 'ScaledObject'),
  ];
  return [
    ...ofKind(manifests, 'Service')
      .filter(({ spec }) => !spec?.selector || !finds({ matchLabels: spec.selector }))
      .map((service) => nothing(service)),
    ...ofKind(manifests, 'PodDisruptionBudget')
      .filter(({ spec }) => !finds(spec?.selector))
      .map((budget) => nothing(budget)),
    ...ofKind(manifests, 'PodMonitor')
      .filter(({ spec }) => !finds(spec.selector))
      .map((monitor) => nothing(monitor)),
    ...policies,
    ...scaled
      .filter(({ spec }) => {
        const { kind, name } = spec?.scaleTargetRef ?? {};
        return !workloads.some((workload) => workload.kind === kind && workload.name === name);
      })
      .map((scaler) => nothing(scaler, 'workload')),
  ];
}

/** A name in a list that no pod has is a misspelt or a forgotten one, even if others of the list are there. */
function unknownValues(
  selector: LabelSelector | undefined,
  pods: Record<string, string>[],
): string[] {
  return (selector?.matchExpressions ?? []).flatMap(({ key, operator, values = [] }) =>
    operator === 'In'
      ? values.filter((value) => !pods.some((labels) => labels[key] === value))
      : [],
  );
}

/** Selectors with which a workload finds its own pods, and nobody else's. */
export function ownPods(manifests: Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  const controllers = [...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'StatefulSet')];
  return controllers.flatMap((controller) => {
    const title = titleOf(controller);
    const selected = workloads.filter(({ labels }) => selects(controller.spec?.selector, labels));
    const own = workloads.find((workload) => workload.title === title);
    const spread = controller.spec?.template.spec?.topologySpreadConstraints ?? [];
    return [
      ...(selected.length === 1 && selected[0] === own
        ? []
        : [`${title} selects other pods than its own`]),
      ...spread
        .filter(({ labelSelector }) => !own || !selects(labelSelector, own.labels))
        .map(
          ({ topologyKey }) =>
            `${title}: its spread over ${topologyKey} selects other pods than its own`,
        ),
    ];
  });
}

/** A StatefulSet's pods get their names from a headless Service. */
export function governingServices(manifests: Manifest[]): string[] {
  const headless = ofKind(manifests, 'Service').filter(({ spec }) => spec?.clusterIP === 'None');
  return ofKind(manifests, 'StatefulSet')
    .filter(({ spec }) => {
      const service = headless.find(({ metadata }) => metadata?.name === spec?.serviceName);
      const labels = spec?.template.metadata?.labels ?? {};
      return !service || !selects({ matchLabels: service.spec?.selector ?? {} }, labels);
    })
    .map((set) => `${titleOf(set)}: no headless Service ${set.spec?.serviceName} selects its pods`);
}
