import { stripVTControlCharacters } from 'node:util';

/**
 * Adds up jest's summaries in the output of several runs. A suite that could not run at all has no failed
 * tests, so it counts as one itself.
 */
export function countTests(output) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let suitesFailed = 0;
  let notRun = 0;
  for (const line of stripVTControlCharacters(output).split('\n')) {
    if (line.includes('● Test suite failed to run')) notRun += 1;
    const [, kind, counts] = /^(Test Suites|Tests): +(.*\d+ total)$/.exec(line.trimEnd()) ?? [];
    if (kind === 'Test Suites') suitesFailed = number(counts, 'failed');
    if (kind !== 'Tests') continue;
    total.passed += number(counts, 'passed');
    // With many suites jest repeats its failures at the end, so the lines alone would be too many.
    total.failed += number(counts, 'failed') + Math.min(notRun, suitesFailed);
    total.skipped += number(counts, 'skipped') + number(counts, 'todo');
    suitesFailed = 0;
    notRun = 0;
  }
  return total;
}

function number(counts, word) {
  return Number(new RegExp(`(\\d+) ${word}`).exec(counts)?.[1] ?? 0);
}
