import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';
import { BlockList, isIPv6 } from 'node:net';
import { ofKind, selects, workloadsOf, type Labels, type Manifest } from './manifest';

/** Who may talk or be talked to. Pods have labels, of themselves and of their namespace; all have an address. */
export interface Party {
  name: string;
  address: string;
  labels?: Labels;
  namespace?: string;
}

interface Port {
  port: number;
  protocol: string;
}

/**
 * Every connection that the policies allow between the pods of the manifests, and between them and outsiders, as
 * `from → to port/protocol`: judged at each port that is mentioned anywhere, and at one that is not.
 */
export function networkEdges(manifests: Manifest[], outsiders: Party[]): string[] {
  const policies = ofKind(manifests, 'NetworkPolicy');
  const namespace = policies[0]?.metadata?.namespace ?? '';
  const pods = workloadsOf(manifests).map(({ name, labels }): Party => {
    return { name, labels, namespace, address: '10.1.1.1' };
  });
  const parties = [...pods, ...outsiders];
  const edges = parties.flatMap((from) =>
    parties
      .filter((to) => from !== to && (pods.includes(from) || pods.includes(to)))
      .flatMap((to) =>
        portsOf(manifests)
          .filter((port) => allows(policies, 'Egress', from, to, port))
          .filter((port) => allows(policies, 'Ingress', to, from, port))
          .map(({ port, protocol }) => `${from.name} → ${to.name} ${port}/${protocol}`),
      ),
  );
  return [...new Set(edges)].sort();
}

function portsOf(manifests: Manifest[]): Port[] {
  const mentioned = [
    ...workloadsOf(manifests).flatMap(({ containers }) =>
      containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort)),
    ),
    ...ofKind(manifests, 'NetworkPolicy').flatMap(({ spec }) =>
      [...(spec?.ingress ?? []), ...(spec?.egress ?? [])].flatMap(({ ports = [] }) =>
        ports.map(numberOf),
      ),
    ),
  ];
  return [...new Set([...mentioned, 1])].flatMap((port) =>
    ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ port, protocol })),
  );
}

/** Whether the policies let `pod` talk in this direction: one that is selected by none may do everything. */
function allows(
  policies: INetworkPolicy[],
  direction: 'Ingress' | 'Egress',
  pod: Party,
  peer: Party,
  port: Port,
): boolean {
  const selecting = policies.filter(({ metadata, spec }) => {
    const types = spec?.policyTypes ?? ['Ingress', ...(spec?.egress ? ['Egress'] : [])];
    const isOwn = pod.labels !== undefined && pod.namespace === metadata?.namespace;
    return isOwn && types.includes(direction) && selects(spec?.podSelector, pod.labels ?? {});
  });
  if (selecting.length === 0) return true;
  return selecting.some(({ metadata, spec }) => {
    const rules =
      direction === 'Ingress'
        ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
    return rules.some(
      ({ peers, ports }) =>
        (!peers?.length || peers.some((one) => isPeer(one, metadata?.namespace, peer))) &&
        (!ports?.length || ports.some((one) => isPort(one, port))),
    );
  });
}

function isPeer(
  { ipBlock, namespaceSelector, podSelector }: INetworkPolicyPeer,
  ownNamespace: string | undefined,
  party: Party,
): boolean {
  if (ipBlock) {
    const { cidr, except = [] } = ipBlock;
    return isInside(cidr, party.address) && !except.some((one) => isInside(one, party.address));
  }
  if (!party.labels || party.namespace === undefined) return false;
  // What every namespace is labelled with by Kubernetes itself.
  const ofNamespace = { 'kubernetes.io/metadata.name': party.namespace };
  const isThere = namespaceSelector
    ? selects(namespaceSelector, ofNamespace)
    : party.namespace === ownNamespace;
  return isThere && (!podSelector || selects(podSelector, party.labels));
}

function isInside(cidr: string, address: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return isIPv6(address) === isIPv6(network) && list.check(address, family);
}

function isPort(policyPort: INetworkPolicyPort, { port, protocol }: Port): boolean {
  return numberOf(policyPort) === port && (policyPort.protocol ?? 'TCP') === protocol;
}

function numberOf({ port, endPort }: INetworkPolicyPort): number {
  if (typeof port !== 'number' || endPort !== undefined) {
    throw new Error(`Policies name single ports by number, so that they can be judged: ${port}`);
  }
  return port;
}
