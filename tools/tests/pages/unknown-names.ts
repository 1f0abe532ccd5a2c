import type { Page } from './page';
import type { Repository } from './repository';

/** Of Node, of SQLite, of a cluster's own metrics: what is none of ours. */
const OTHERS = new Set([
  'NODE_EXTRA_CA_CERTS',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'container_cpu_cfs_throttled_periods_total',
]);
const METRIC =
  /\b(?:auth|container|dependency|gateway|http|messages|nodejs|process|push)_[a-z_]+(?:_(?:total|seconds|bytes|events|operations|connections|waiting|jobs|open|up))(?!\w)/g;
const VARIABLE = /\b[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b(?!…)/g;
const ROUTE = /^(GET|POST|PATCH|PUT|DELETE) (\/[\w/.:-]*)/;
/** A line that a service logs. */
const LOG_LINE = /^(?!docker|kubectl|npm)[a-z]+(?: [a-zA-Z]+){2,}$/;

/** Metrics, variables, routes and log lines that a page names and that do not exist. */
export function unknownNames(
  page: Page,
  { metrics, variables, routes, sources }: Repository,
): string[] {
  return page.code.flatMap((code) =>
    [
      ...(code.match(METRIC) ?? []).filter((name) => !metrics.has(baseOf(name, metrics))),
      ...(code.match(VARIABLE) ?? []).filter(
        // Or what a provider says, and the services know.
        (name) => !variables.has(name.replace(/_FILE$/, '')) && !sources.includes(name),
      ),
      ...[ROUTE.exec(code)].flatMap((found) =>
        found && !routes.has(`${found[1]} ${found[2]}`) ? [code] : [],
      ),
      ...(LOG_LINE.test(code) && !sources.includes(code) ? [code] : []),
    ].filter((name) => !OTHERS.has(name)),
  );
}

/** A histogram is several series. */
function baseOf(series: string, metrics: Set<string>): string {
  return metrics.has(series) ? series : series.replace(/_(bucket|count|sum)$/, '');
}
