import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import type { JsonSchema } from '@agent-messenger/contracts';
import type { IContainer } from 'kubernetes-models/v1/Container';
import { checkVariables } from '../../src/deploy/config-check';
import { ofKind, servicesOf, workloadsOf, type Manifest, type Rule } from './manifest';

interface Variable {
  name: string;
  /** Undefined: it comes from a Secret. */
  value?: string | undefined;
  isSecret: boolean;
}

/** Configuration that gives whoever reads it power over something. */
const SECRET =
  /(SECRET|_KEYS?|PASSWORD|OTLP_HEADERS|DATABASE_URL|REDIS_URL|REDISCLI_AUTH|SERVICE_ACCOUNT)(_PREVIOUS)?(_FILE)?$/;
const PUBLIC = ['WEBPUSH_PUBLIC_KEY'];

/** The variables of a container as the kubelet would make them; those of ConfigMaps that are missing are not there. */
export function variablesOf(manifests: Manifest[], container: IContainer): Variable[] {
  const maps = ofKind(manifests, 'ConfigMap');
  const dataOf = (name?: string) =>
    maps.find(({ metadata }) => metadata?.name === name)?.data ?? {};
  const all = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    Object.entries(dataOf(configMapRef?.name)).map(([name, value]) => ({
      name,
      value,
      isSecret: false,
    })),
  );
  const own = (container.env ?? []).map(({ name, value, valueFrom }) => {
    const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    const read = configMapKeyRef ? dataOf(configMapKeyRef.name)[configMapKeyRef.key] : value;
    return { name, value: read, isSecret: secretKeyRef !== undefined };
  });
  return [...all, ...own];
}

/**
 * Every variable is one that its service knows, every required one is there, and values are what the service takes.
 * @param schemas of the services' variables, by service
 */
export function environment(schemas: Record<string, JsonSchema>): Rule {
  // Names that zod gives to patterns; the patterns are in the schemas too.
  const formats: Record<string, true> = { starts_with: true, includes: true };
  const ajv = addFormats(new Ajv({ coerceTypes: 'array', strict: false, formats }));
  const checks = new Map(
    Object.entries(schemas).map(([service, { properties }]) => [
      service,
      ajv.compile({ type: 'object', properties }),
    ]),
  );
  return (manifests) =>
    servicesOf(manifests).flatMap(({ service, workload, container }) => {
      const schema = schemas[service] ?? {};
      const variables = variablesOf(manifests, container);
      const values = Object.fromEntries(
        variables.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
      );
      const check = checks.get(service);
      const areGood = check?.(values) ?? true;
      return [
        ...checkVariables(
          schema,
          variables.map(({ name }) => name),
        ),
        ...(areGood ? [] : [ajv.errorsText(check?.errors, { dataVar: '' })]),
      ].map((problem) => `${workload.title}: ${problem}`);
    });
}

/** What auth signs with is what gateways verify with: a shared secret, or a key of auth's own. */
export function tokenKeys(manifests: Manifest[]): string[] {
  const kinds = servicesOf(manifests).flatMap(({ service, container }) => {
    if (service !== 'auth' && service !== 'gateway') return [];
    const given = variablesOf(manifests, container).map(({ name }) => name.replace(/_FILE$/, ''));
    const kinds = { JWT_SECRET: 'HS256', JWT_PRIVATE_KEY: 'ES256', JWT_ES256: 'ES256' };
    const own = Object.entries(kinds).flatMap(([name, kind]) => (given.includes(name) ? kind : []));
    return own.length === 1 ? own : [`${own.length} kinds of keys in ${service}`];
  });
  const [one, ...others] = [...new Set(kinds)];
  return others.length === 0 ? [] : [`auth and gateways differ: ${[one, ...others].join(', ')}`];
}

/** ConfigMaps that are read are there, by the name that their content gave them: a change of it rolls pods out. */
export function configMaps(manifests: Manifest[]): string[] {
  const known = ofKind(manifests, 'ConfigMap').map(({ metadata }) => metadata?.name);
  const read = workloadsOf(manifests).flatMap(({ title, pod, containers }) =>
    [
      ...containers.flatMap(({ envFrom = [], env = [] }) => [
        ...envFrom.map(({ configMapRef }) => configMapRef?.name),
        ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ]),
      ...(pod.volumes ?? []).map(({ configMap }) => configMap?.name),
    ]
      .filter((name) => name !== undefined)
      .map((name) => ({ title, name })),
  );
  return [
    ...read
      .filter(({ name }) => !known.includes(name))
      .map(({ title, name }) => `${title}: there is no ConfigMap ${name}`),
    ...known
      .filter((name) => !read.some((reader) => reader.name === name))
      .map((name) => `ConfigMap ${name} is read by nothing`),
    ...known
      .filter((name) => !/-[a-z0-9]{10}$/.test(name ?? ''))
      .map((name) => `ConfigMap ${name} has no hash in its name`),
  ];
}

/** Secrets come from Secrets, and those are not among the manifests. */
export function secrets(manifests: Manifest[]): string[] {
  const files = workloadsOf(manifests).flatMap(({ title, pod, containers }) =>
    containers.flatMap((container) => {
      const folders = (container.volumeMounts ?? [])
        .filter(({ name }) => pod.volumes?.some((volume) => volume.name === name && volume.secret))
        .map(({ mountPath }) => `${mountPath}/`);
      return variablesOf(manifests, container)
        .filter(({ name, isSecret }) => SECRET.test(name) && !PUBLIC.includes(name) && !isSecret)
        .filter(({ value = '' }) => !folders.some((folder) => value.startsWith(folder)))
        .map(({ name }) => `${title}: ${name} comes from no Secret`);
    }),
  );
  const literal = manifests
    .filter((manifest) => /\w+:\/\/[^/\s"]*:[^/\s"]+@|-----BEGIN/.test(JSON.stringify(manifest)))
    .map(({ kind, metadata }) => `${kind} ${metadata?.name} contains a password or key`);
  const kept = ofKind(manifests, 'Secret').map(
    ({ metadata }) => `Secret ${metadata?.name} is kept here`,
  );
  const whole = workloadsOf(manifests)
    .filter(({ containers }) =>
      containers.some(({ envFrom }) => envFrom?.some(({ secretRef }) => secretRef)),
    )
    .map(({ title }) => `${title}: takes all keys of a Secret, also those that are for others`);
  return [...files, ...literal, ...kept, ...whole];
}
