import type { JsonSchema } from '@agent-messenger/contracts';
import { variablesOf } from './environment-rules';
import {
  ofKind,
  selects,
  servicesOf,
  titleOf,
  workloadsOf,
  type Manifest,
  type Rule,
} from './manifest';

/** The ports that a container names are those that its service listens on. */
export function containerPorts(schemas: Record<string, JsonSchema>): Rule {
  return (manifests) =>
    servicesOf(manifests).flatMap(({ service, workload, container }) => {
      const variables = variablesOf(manifests, container);
      const properties = schemas[service]?.properties ?? {};
      return Object.entries({ public: 'PORT', internal: 'INTERNAL_PORT' })
        .filter(([, variable]) => variable in properties)
        .flatMap(([port, variable]) => {
          const set = variables.find(({ name }) => name === variable)?.value;
          const listens = Number(set ?? properties[variable]?.['default']);
          const named = container.ports?.find(({ name }) => name === port)?.containerPort;
          return named === listens
            ? []
            : [`${workload.title}: port ${port} is ${named}, ${variable} is ${listens}`];
        });
    });
}

/** Ports that are called by name exist where they are looked for. */
export function namedPorts(manifests: Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  const has = (containers: (typeof workloads)[number]['containers'], port: number | string) =>
    containers.some(({ ports }) =>
      ports?.some(({ name, containerPort }) => name === port || containerPort === port),
    );
  const ofProbes = workloads.flatMap(({ title, pod }) =>
    pod.containers.flatMap((container) =>
      (['startupProbe', 'livenessProbe', 'readinessProbe'] as const).flatMap((kind) => {
        const port = container[kind]?.httpGet?.port ?? container[kind]?.tcpSocket?.port;
        if (port === undefined || has([container], port)) return [];
        return [`${title}: ${kind} of ${container.name} asks at port ${port}, which it has not`];
      }),
    ),
  );
  const ofServices = ofKind(manifests, 'Service').flatMap((service) =>
    workloads
      .filter(({ labels }) => selects({ matchLabels: service.spec?.selector ?? {} }, labels))
      .flatMap(({ title, containers }) =>
        (service.spec?.ports ?? [])
          .filter(({ port, targetPort }) => !has(containers, targetPort ?? port))
          .map(
            ({ targetPort, port }) =>
              `${titleOf(service)}: ${title} has no port ${targetPort ?? port}`,
          ),
      ),
  );
  const ofMonitors = ofKind(manifests, 'PodMonitor').flatMap((monitor) =>
    workloads
      .filter(({ labels }) => selects(monitor.spec.selector, labels))
      .flatMap(({ title, containers }) =>
        (monitor.spec.podMetricsEndpoints ?? [])
          .filter(({ port = '' }) => !has(containers, port))
          .map(({ port }) => `${titleOf(monitor)}: ${title} has no port ${port}`),
      ),
  );
  const ofAnnotations = workloads.flatMap(({ title, annotations, containers }) => {
    const port = annotations['prometheus.io/port'];
    return port === undefined || has(containers, Number(port))
      ? []
      : [`${title}: Prometheus is told of port ${port}, which it has not`];
  });
  return [...ofProbes, ...ofServices, ...ofMonitors, ...ofAnnotations];
}

/** URLs of services in the configuration lead to a Service here, at a port that it has. */
export function serviceUrls(manifests: Manifest[]): string[] {
  const services = ofKind(manifests, 'Service');
  return workloadsOf(manifests).flatMap(({ title, containers }) =>
    containers
      .flatMap((container) => variablesOf(manifests, container))
      .flatMap(({ name, value = '' }) => {
        // A host without a dot is one of this namespace.
        const [, host, port] = /^https?:\/\/([^./:]+)(?::(\d+))?\/?$/.exec(value) ?? [];
        if (host === undefined) return [];
        const ports = services.find(({ metadata }) => metadata?.name === host)?.spec?.ports ?? [];
        return ports.some((one) => one.port === Number(port ?? 80))
          ? []
          : [`${title}: ${name}: no Service is at ${value}`];
      }),
  );
}

/** What is public is the gateway's public port and nothing else. */
export function publicPorts(manifests: Manifest[]): string[] {
  const services = ofKind(manifests, 'Service');
  const backends = ofKind(manifests, 'Ingress').flatMap((ingress) => [
    ...(ingress.spec?.defaultBackend ? [ingress.spec.defaultBackend] : []),
    ...(ingress.spec?.rules ?? []).flatMap(
      ({ http }) => http?.paths.map(({ backend }) => backend) ?? [],
    ),
  ]);
  const wrong = backends.filter(({ service }) => {
    const ports =
      services.find(({ metadata }) => metadata?.name === service?.name)?.spec?.ports ?? [];
    const { name, number } = service?.port ?? {};
    const port = ports.find((one) => one.name === name || one.port === number);
    return service?.name !== 'gateway' || port?.targetPort !== 'public';
  });
  return [
    ...new Set(
      wrong.map(
        ({ service }) => `Ingress leads to ${service?.name} ${JSON.stringify(service?.port)}`,
      ),
    ),
    ...services
      .filter(({ spec }) => spec?.type !== undefined && spec.type !== 'ClusterIP')
      .map((service) => `${titleOf(service)} can be reached from outside`),
    ...services
      .filter(({ metadata, spec }) => metadata?.name === 'gateway' && spec?.ports?.length !== 1)
      .map((service) => `${titleOf(service)} has other ports beside the public one`),
  ];
}
