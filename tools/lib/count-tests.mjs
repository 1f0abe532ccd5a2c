import { stripVTControlCharacters } from 'node:util';

/**
 * Adds up jest's summaries in the output of several runs. A suite that could not run at all has no failed
 * tests, so it counts as one.
 */
export function countTests(output) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let suitesFailed = 0;
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const [, kind, counts] = /^(Test Suites|Tests): +(.*\d+ total)$/.exec(line.trimEnd()) ?? [];
    if (kind === 'Test Suites') suitesFailed = number(counts, 'failed');
    if (kind !== 'Tests') continue;
    total.passed += number(counts, 'passed');
    total.failed += number(counts, 'failed') || suitesFailed;
    total.skipped += number(counts, 'skipped') + number(counts, 'todo');
    suitesFailed = 0;
  }
  return total;
}

function number(counts, word) {
  return Number(new RegExp(`(\\d+) ${word}`).exec(counts)?.[1] ?? 0);
}
