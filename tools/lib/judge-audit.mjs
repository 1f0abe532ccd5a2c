/** From here on a finding has to be fixed, or to be explained in audit-exceptions.json. */
const SERIOUS = ['high', 'critical'];

/**
 * What an `npm audit --json` means for us.
 *
 * @param {string} output its stdout
 * @param {Record<string, string>} exceptions why a finding (by the id of its advisory) does not concern us
 * @returns {{ outcome: 'clean' | 'findings' | 'not run', lines: string[] }}
 */
export function judgeAudit(output, exceptions) {
  const report = parse(output);
  if (report?.vulnerabilities === undefined) {
    const reason = report?.message ?? report?.error?.summary ?? firstLine(output);
    return { outcome: 'not run', lines: [`npm audit was not run: ${reason || 'no answer'}`] };
  }
  const advisories = Object.values(report.vulnerabilities).flatMap(({ via }) =>
    via.filter((each) => typeof each === 'object'),
  );
  const unique = [...new Map(advisories.map((each) => [idOf(each), each])).values()];
  const serious = unique.filter(({ severity }) => SERIOUS.includes(severity));
  const open = serious.filter((each) => exceptions[idOf(each)] === undefined);
  const explained = serious.filter((each) => exceptions[idOf(each)] !== undefined);
  const stale = Object.keys(exceptions).filter((id) => !serious.some((each) => idOf(each) === id));
  const lines = [
    `npm audit: ${unique.length} findings in what is shipped, ${serious.length} of them high or critical`,
    ...open.map((each) => `  ${each.severity} ${describe(each)}`),
    ...explained.map((each) => `  explained: ${describe(each)}: ${exceptions[idOf(each)]}`),
    ...stale.map((id) => `  ${id} is no finding any more: take it out of audit-exceptions.json`),
  ];
  return { outcome: open.length > 0 ? 'findings' : 'clean', lines };
}

/** `GHSA-…`, or npm's own number. */
function idOf({ url, source }) {
  return /GHSA-[\w-]+/.exec(url ?? '')?.[0] ?? String(source);
}

function describe(advisory) {
  return `${advisory.name} ${advisory.range}: ${advisory.title} (${idOf(advisory)})`;
}

function firstLine(text) {
  return text.trim().split('\n')[0] ?? '';
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
