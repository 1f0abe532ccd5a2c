import { LIMITS, routes } from '@agent-messenger/contracts';
import { findRoot } from '@agent-messenger/testkit';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ofKind, titleOf, type Manifest } from './manifest';

const NGINX = 'nginx.ingress.kubernetes.io';
const SOCKETS = ['/socket.io/', '/client/connect', '/agent/connect'];
const PAGES = ['/docs', '/', '/assets'];
/** Of the web app, beside its pages. */
const WEB_FILES = [
  ...readdirSync(join(findRoot(), 'apps', 'web', 'public')),
  ...['service-worker.js', 'icon-192.png', 'icon-512.png'],
];

/** A WebSocket is silent for as long as a ping and its answer may take; a token in its URL is not to be logged. */
export function webSockets(manifests: Manifest[]): string[] {
  const silentS = (LIMITS.pingIntervalMs + LIMITS.pingTimeoutMs) / 1_000;
  return ofKind(manifests, 'Ingress').flatMap((ingress) => {
    const annotations = ingress.metadata?.annotations ?? {};
    return [
      ...['proxy-read-timeout', 'proxy-send-timeout']
        .filter((name) => !(Number(annotations[`${NGINX}/${name}`]) > silentS))
        .map((name) => `${titleOf(ingress)}: ${name} is not above ${silentS} s`),
      ...(annotations[`${NGINX}/enable-access-log`] === 'false'
        ? []
        : [`${titleOf(ingress)}: its log has query strings`]),
    ];
  });
}

/** All that is public is routed, by paths of which each serves something, and the admin routes are not. */
export function publicPaths(manifests: Manifest[]): string[] {
  const served = [
    ...[...SOCKETS, ...PAGES, ...WEB_FILES.map((name) => `/${name}`)].map((path) => ({
      path,
      isPublic: true,
    })),
    ...Object.values(routes).map(({ path, caller }) => ({
      path: path.replace(/:\w+/g, 'x'),
      isPublic: caller !== 'admin',
    })),
  ];
  return ofKind(manifests, 'Ingress').flatMap((ingress) => {
    const paths = (ingress.spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
    const leadsTo = ({ path = '', pathType }: (typeof paths)[number], target: string) =>
      target === path || (pathType !== 'Exact' && target.startsWith(path.replace(/\/?$/, '/')));
    return [
      ...served
        .filter(({ path, isPublic }) => isPublic !== paths.some((one) => leadsTo(one, path)))
        .map(
          ({ path, isPublic }) =>
            `${titleOf(ingress)} ${isPublic ? 'does not lead' : 'leads'} to ${path}`,
        ),
      ...paths
        .filter((one) => !served.some(({ path }) => leadsTo(one, path)))
        .map(({ path }) => `${titleOf(ingress)}: ${path} leads to nothing`),
    ];
  });
}
