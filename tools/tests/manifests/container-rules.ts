import { NAME_LABEL, ofKind, SERVICES, workloadsOf, type Manifest } from './manifest';

/** Of what a container may take: processor, memory, and room for files that nobody keeps. */
export function limits(manifests: Manifest[]): string[] {
  return workloadsOf(manifests).flatMap(({ title, pod, containers }) => [
    ...containers.flatMap(({ name, resources }) =>
      (['requests', 'limits'] as const).flatMap((kind) =>
        ['cpu', 'memory']
          .filter((resource) => resources?.[kind]?.[resource] === undefined)
          .map((resource) => `${title}: container ${name} has no ${kind} of ${resource}`),
      ),
    ),
    ...(pod.volumes ?? [])
      .filter(({ emptyDir }) => emptyDir && emptyDir.sizeLimit === undefined)
      .map(({ name }) => `${title}: volume ${name} has no size limit`),
  ]);
}

/**
 * Liveness asks for nothing but the process, at its own port: else a dependency that is away restarts everything.
 * What ends by itself needs no probes.
 */
export function probes(manifests: Manifest[]): string[] {
  const longRunning = workloadsOf(manifests).filter(({ isLongRunning }) => isLongRunning);
  return longRunning.flatMap(({ title, pod }) =>
    pod.containers.flatMap((container) => {
      const ours = SERVICES.includes(container.name);
      const expected = {
        startupProbe: '/livez',
        livenessProbe: '/livez',
        readinessProbe: '/readyz',
      };
      return Object.entries(expected).flatMap(([kind, path]) => {
        const probe = container[kind as keyof typeof expected];
        const where = `${title}: container ${container.name}`;
        if (!probe) return `${where} has no ${kind}`;
        const { httpGet } = probe;
        if (!ours || (httpGet?.path === path && httpGet.port === 'internal')) return [];
        return `${where}: ${kind} is not ${path} at the port internal`;
      });
    }),
  );
}

/** What Pod Security's profile "restricted" refuses, and more: numbered users, and a root file system that stays. */
export function security(manifests: Manifest[]): string[] {
  return workloadsOf(manifests).flatMap(({ title, pod, containers }) => {
    const { securityContext: ofPod } = pod;
    const kinds = [
      'configMap',
      'emptyDir',
      'ephemeral',
      'persistentVolumeClaim',
      'projected',
      'secret',
    ];
    return [
      ...(ofPod?.runAsNonRoot === true ? [] : [`${title}: runAsNonRoot is not true`]),
      ...(Number(ofPod?.runAsUser) > 0 ? [] : [`${title}: runAsUser is no number above 0`]),
      ...(ofPod?.seccompProfile?.type === 'RuntimeDefault'
        ? []
        : [`${title}: seccompProfile is not RuntimeDefault`]),
      ...(['hostNetwork', 'hostPID', 'hostIPC'] as const)
        .filter((field) => pod[field])
        .map((field) => `${title}: ${field} is on`),
      ...(pod.volumes ?? [])
        .filter(
          ({ name: _name, ...source }) =>
            !Object.keys(source).every((kind) => kinds.includes(kind)),
        )
        .map(({ name }) => `${title}: volume ${name} is of a kind that "restricted" refuses`),
      ...containers.flatMap(({ name, ports, securityContext: context }) => {
        const wrong = (what: string) => `${title}: container ${name} ${what}`;
        return [
          ...(context?.allowPrivilegeEscalation === false ? [] : [wrong('may gain privileges')]),
          ...(context?.readOnlyRootFilesystem === true
            ? []
            : [wrong('may write its root file system')]),
          ...(context?.capabilities?.drop?.includes('ALL') ? [] : [wrong('keeps capabilities')]),
          ...(context?.capabilities?.add?.length ? [wrong('adds capabilities')] : []),
          ...(context?.privileged ? [wrong('is privileged')] : []),
          ...(context?.runAsNonRoot === false || context?.runAsUser === 0
            ? [wrong('runs as root')]
            : []),
          ...(ports?.some(({ hostPort }) => hostPort !== undefined)
            ? [wrong('takes a port of its node')]
            : []),
        ];
      }),
    ];
  });
}

/** The namespace refuses by itself what is not restricted, whoever makes it; and everything is in it. */
export function namespace(manifests: Manifest[]): string[] {
  const spaces = ofKind(manifests, 'Namespace');
  const name = spaces[0]?.metadata?.name;
  if (spaces.length !== 1 || !name) return [`there are ${spaces.length} namespaces, not one`];
  const enforced = spaces[0]?.metadata?.labels?.['pod-security.kubernetes.io/enforce'];
  const strays = manifests.filter(
    ({ kind, metadata }) =>
      kind !== 'Namespace' && kind !== 'PriorityClass' && metadata?.namespace !== name,
  );
  return [
    ...(enforced === 'restricted' ? [] : [`Namespace ${name} does not enforce "restricted"`]),
    ...strays.map(({ kind, metadata }) => `${kind} ${metadata?.name} is not in ${name}`),
  ];
}

/** A tag that says which build: `latest` is another one tomorrow. */
export function images(manifests: Manifest[]): string[] {
  return workloadsOf(manifests).flatMap(({ title, containers }) =>
    containers
      .filter(({ image = '' }) => !/@sha256:|:(?!latest$)[\w.-]+$/.test(image))
      .map(({ name, image }) => `${title}: image of ${name} has no version: ${image}`),
  );
}

/** No service talks to Kubernetes: an account of its own, and no token for it. */
export function accounts(manifests: Manifest[]): string[] {
  const known = ofKind(manifests, 'ServiceAccount');
  return [
    ...known
      .filter(({ automountServiceAccountToken }) => automountServiceAccountToken !== false)
      .map(({ metadata }) => `ServiceAccount ${metadata?.name} hands out a token`),
    ...workloadsOf(manifests).flatMap(({ title, pod }) => [
      ...(known.some(({ metadata }) => metadata?.name === pod.serviceAccountName)
        ? []
        : [`${title}: there is no ServiceAccount ${pod.serviceAccountName}`]),
      ...(pod.automountServiceAccountToken === false ? [] : [`${title} gets a token`]),
      ...(pod.enableServiceLinks === false ? [] : [`${title} gets variables of Services`]),
    ]),
  ];
}

export function priorities(manifests: Manifest[]): string[] {
  const known = ofKind(manifests, 'PriorityClass').map(({ metadata }) => metadata?.name);
  return workloadsOf(manifests)
    .filter(({ pod }) => !known.includes(pod.priorityClassName))
    .map(({ title, pod }) => `${title}: there is no PriorityClass ${pod.priorityClassName}`);
}

/** By the same label everywhere: that is how policies, monitors and people find pods. */
export function names(manifests: Manifest[]): string[] {
  return workloadsOf(manifests)
    .filter(({ name, labels }) => labels[NAME_LABEL] !== name)
    .map(({ title }) => `${title}: its pods have another ${NAME_LABEL}`);
}
