import type { Party } from './network-edges';

const SERVICES = ['auth', 'gateway', 'messages', 'push-worker'];

function pod(name: string, namespace: string, labels: Party['labels'] = {}): Party {
  return { name, namespace, labels, address: '10.1.2.2' };
}

/** Those who are let in or called, and those who are not, each for a mistake that a policy could make. */
export const outsiders: Party[] = [
  pod('ingress controller', 'ingress-nginx', { 'app.kubernetes.io/name': 'ingress-nginx' }),
  pod('prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  pod('collector', 'observability', { 'app.kubernetes.io/name': 'opentelemetry-collector' }),
  pod('dns', 'kube-system', { 'k8s-app': 'kube-dns' }),
  pod('stranger beside the ingress controller', 'ingress-nginx'),
  pod('stranger beside prometheus', 'monitoring'),
  pod('stranger beside dns', 'kube-system'),
  pod('stranger beside the collector', 'observability'),
  pod('stranger in the namespace', 'agent-messenger'),
  ...[...SERVICES, 'redis-live', 'redis-queue', 'prometheus', 'ingress-nginx'].map((name) =>
    pod(`${name} of another namespace`, 'default', { 'app.kubernetes.io/name': name }),
  ),
  { name: 'internet', address: '17.188.143.34' },
  { name: 'internet by IPv6', address: '2a00:1450:4001:80b::200a' },
  { name: 'external live Redis', address: '192.0.2.10' },
  { name: 'external queue Redis', address: '192.0.2.11' },
  { name: 'neighbour of the external Redis', address: '192.0.2.12' },
  { name: 'external PostgreSQL', address: '192.0.2.20' },
  { name: 'cloud metadata', address: '169.254.169.254' },
  { name: 'cloud metadata by IPv6', address: 'fd00:ec2::254' },
  { name: 'private network 10', address: '10.96.0.1' },
  { name: 'private network 172', address: '172.20.1.1' },
  { name: 'private network 192', address: '192.168.1.1' },
  { name: 'carrier network', address: '100.100.100.200' },
  { name: 'loopback', address: '127.0.0.1' },
  { name: 'loopback by IPv6', address: '::1' },
  { name: 'link by IPv6', address: 'fe80::1' },
  { name: 'private network by 6to4', address: '2002:a00:1::1' },
];

/** Who may call whom, at which port: the picture of the architecture. */
const everywhere: [from: string[], to: string[], port: string][] = [
  [['ingress controller'], ['gateway'], '8080/TCP'],
  [['gateway'], ['auth', 'messages'], '9090/TCP'],
  [['auth', 'push-worker'], ['messages'], '9090/TCP'],
  [['push-worker'], ['internet', 'internet by IPv6'], '443/TCP'],
  [['prometheus'], SERVICES, '9090/TCP'],
  [SERVICES, ['dns'], '53/TCP'],
  [SERVICES, ['dns'], '53/UDP'],
];
const redisInside: typeof everywhere = [
  [['auth', 'gateway', 'messages'], ['redis-live'], '6379/TCP'],
  [['messages', 'push-worker'], ['redis-queue'], '6379/TCP'],
];
const tracing: typeof everywhere = [[SERVICES, ['collector'], '4318/TCP']];
const redisOutside: typeof everywhere = [
  [SERVICES, ['external live Redis', 'external queue Redis'], '6379/TCP'],
];

const postgresOutside: typeof everywhere = [[['messages'], ['external PostgreSQL'], '5432/TCP']];

export const expectedEdges = {
  local: listed([...everywhere, ...redisInside]),
  production: listed([...everywhere, ...redisOutside]),
  postgres: listed([...everywhere, ...redisOutside, ...postgresOutside]),
  complete: listed([...everywhere, ...redisInside, ...tracing]),
};

function listed(table: typeof everywhere): string[] {
  return table
    .flatMap(([from, to, port]) =>
      from.flatMap((one) => to.map((two) => `${one} → ${two} ${port}`)),
    )
    .sort();
}
