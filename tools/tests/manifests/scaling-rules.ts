import { CLOSE_DEADLINE_MS } from '@agent-messenger/service-kit';
import { variablesOf } from './environment-rules';
import { ofKind, selects, servicesOf, titleOf, workloadsOf, type Manifest } from './manifest';

/** What PostgreSQL lets in unless it is told otherwise, without what it keeps for its operators. */
const CONNECTIONS = 97;

/** SQLite has one writer, on a volume of one node; PostgreSQL has replicas, and room for their connections. */
export function oneStore(manifests: Manifest[]): string[] {
  const replicated = servicesOf(manifests).find(
    ({ service, workload }) => service === 'messages' && workload.kind === 'Deployment',
  );
  return replicated ? replicas(manifests, replicated) : oneWriter(manifests);
}

function replicas(manifests: Manifest[], { container }: ReturnType<typeof servicesOf>[number]) {
  const deployment = ofKind(manifests, 'Deployment').find(
    ({ metadata }) => metadata?.name === 'messages',
  );
  const { replicas = 1, strategy } = deployment?.spec ?? {};
  const most = replicas + Number(strategy?.rollingUpdate?.maxSurge ?? 1);
  const variables = variablesOf(manifests, container);
  const each = variables.find(({ name }) => name === 'DATABASE_CONNECTIONS')?.value;
  return [
    ...(replicas > 1 ? [] : ['messages has no second replica']),
    ...(variables.some(({ name }) => name === 'DATABASE_URL') ? [] : ['messages has no database']),
    ...(variables.some(({ name }) => name === 'DB_PATH') ? ['messages has two stores'] : []),
    ...(most * Number(each) <= CONNECTIONS
      ? []
      : [`messages opens up to ${most * Number(each)} connections`]),
    ...(ofKind(manifests, 'StatefulSet').some(({ metadata }) => metadata?.name === 'messages')
      ? ['messages is there twice']
      : []),
  ];
}

function oneWriter(manifests: Manifest[]): string[] {
  const store = ofKind(manifests, 'StatefulSet').find(
    ({ metadata }) => metadata?.name === 'messages',
  );
  if (!store) return ['there is no StatefulSet messages'];
  const { replicas, updateStrategy, volumeClaimTemplates = [] } = store.spec ?? {};
  const [claim, ...others] = volumeClaimTemplates;
  const modes = claim?.spec?.accessModes?.join();
  const kept = store.spec?.persistentVolumeClaimRetentionPolicy;
  const claims = (pod: (typeof deployments)[number]['pod']) =>
    pod.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim);
  const deployments = workloadsOf(manifests).filter(({ kind }) => kind === 'Deployment');
  return [
    ...(replicas === 1 ? [] : [`messages has ${replicas} replicas`]),
    ...(updateStrategy?.type === 'RollingUpdate' && !updateStrategy.rollingUpdate?.maxUnavailable
      ? []
      : ['messages is not updated one after the other']),
    ...(others.length === 0 && modes === 'ReadWriteOnce'
      ? []
      : ['messages has not one ReadWriteOnce claim']),
    ...(kept?.whenDeleted === 'Retain' && kept.whenScaled === 'Retain'
      ? []
      : ['the store would be deleted with messages']),
    // A rolling update of one waits for a volume that the old pod holds, for ever.
    ...deployments.filter(({ pod }) => claims(pod)).map(({ title }) => `${title} has a claim`),
  ];
}

/** One owner of the number of replicas; and what is scaled scales by something that every cluster serves. */
export function scaling(manifests: Manifest[]): string[] {
  const autoscalers = ofKind(manifests, 'HorizontalPodAutoscaler');
  const scaledObjects = ofKind(manifests, 'ScaledObject');
  const targets = [...autoscalers, ...scaledObjects].map(({ spec }) => spec?.scaleTargetRef.name);
  return [
    ...targets
      .filter((name, index) => targets.indexOf(name) !== index || name === 'messages')
      .map((name) => `${name} must not be scaled, or not by two`),
    ...ofKind(manifests, 'Deployment')
      .filter(
        ({ metadata, spec }) => targets.includes(metadata?.name) === (spec?.replicas !== undefined),
      )
      .map((deployment) => `${titleOf(deployment)}: replicas belong to it or to its autoscaler`),
    ...autoscalers
      .filter(
        ({ spec }) =>
          Number(spec?.minReplicas ?? 1) < 2 ||
          Number(spec?.minReplicas) > Number(spec?.maxReplicas),
      )
      .map((scaler) => `${titleOf(scaler)}: it must keep two at least`),
    ...autoscalers
      .filter(({ spec }) => !spec?.metrics?.some(({ resource }) => resource?.name === 'cpu'))
      .map((scaler) => `${titleOf(scaler)}: no metrics but those that may be missing`),
    ...autoscalers
      .filter(
        ({ spec }) => Number(spec?.behavior?.scaleDown?.stabilizationWindowSeconds ?? 0) < 300,
      )
      .map((scaler) => `${titleOf(scaler)}: it scales down at once`),
  ];
}

/** Whoever has several pods loses one at a time and not with one node; and a node can always be drained. */
export function disruptions(manifests: Manifest[]): string[] {
  const budgets = ofKind(manifests, 'PodDisruptionBudget');
  const replicated = servicesOf(manifests).filter(({ workload }) => workload.kind === 'Deployment');
  return [
    ...budgets
      .filter(({ spec }) => spec?.maxUnavailable !== 1 || spec.minAvailable !== undefined)
      .map((budget) => `${titleOf(budget)}: maxUnavailable is not 1`),
    ...replicated.flatMap(({ workload: { title, labels, pod } }) => {
      const own = budgets.filter(({ spec }) => selects(spec?.selector, labels));
      const keys = pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? [];
      return [
        ...(own.length === 1 ? [] : [`${title} has ${own.length} disruption budgets`]),
        ...['kubernetes.io/hostname', 'topology.kubernetes.io/zone']
          .filter((key) => !keys.includes(key))
          .map((key) => `${title} is not spread over ${key}`),
      ];
    }),
    ...ofKind(manifests, 'Deployment')
      .filter(({ spec }) => spec?.strategy?.type !== 'Recreate')
      .filter(({ spec }) => spec?.strategy?.rollingUpdate?.maxUnavailable !== 0)
      .map(
        (deployment) => `${titleOf(deployment)}: a rollout takes one away before the next is ready`,
      ),
  ];
}

/** A service is not killed while it closes: the pause before SIGTERM counts too, and a drain must end within. */
export function gracePeriods(manifests: Manifest[]): string[] {
  return servicesOf(manifests).flatMap(({ workload: { title, pod }, container }) => {
    const command = container.lifecycle?.preStop?.exec?.command ?? [];
    const pauseS = command[0] === 'sleep' ? Number(command[1]) : 0;
    const neededS = pauseS + CLOSE_DEADLINE_MS / 1_000;
    const graceS = pod.terminationGracePeriodSeconds ?? 30;
    const spread = variablesOf(manifests, container).find(({ name }) => name === 'DRAIN_SPREAD_MS');
    return [
      // A second for what is before and after.
      ...(graceS > neededS
        ? []
        : [`${title}: closing takes up to ${neededS} s, it is given ${graceS}`]),
      ...(Number(spread?.value ?? 0) <= CLOSE_DEADLINE_MS - 5_000
        ? []
        : [`${title}: its drain cannot end in time`]),
    ];
  });
}

/** What is sent connections by a load balancer goes on taking them until all of those know. */
export function pauses(manifests: Manifest[]): string[] {
  const services = ofKind(manifests, 'Service').filter(({ spec }) => spec?.clusterIP !== 'None');
  return servicesOf(manifests)
    .filter(({ workload: { kind, labels }, container }) => {
      const isCalled = services.some(({ spec }) =>
        selects({ matchLabels: spec?.selector ?? {} }, labels),
      );
      return kind === 'Deployment' && isCalled && !container.lifecycle?.preStop;
    })
    .map(({ workload }) => `${workload.title} stops while it is still called`);
}
