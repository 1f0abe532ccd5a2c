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

/**
 * What failed in the output of runs of Nx, a line each: "target file: test" in the order of the output, then targets
 * that failed without a test or did not end. Files are as jest names them: relative to the project of the target.
 */
export function listFailures(output) {
  const failures = new Set();
  const blamed = new Set();
  let target = '';
  let file = '';
  let listsTargets = false;
  for (const line of stripVTControlCharacters(output)
    .split('\n')
    .map((each) => each.trimEnd())) {
    const started = /^> nx run (\S+)/.exec(line)?.[1];
    if (started !== undefined) [target, file, listsTargets] = [started, '', false];
    const suite = /^ *(PASS|FAIL) +(\S+)/.exec(line);
    if (suite) file = suite[1] === 'FAIL' ? suite[2] : '';
    // Indented by two, as jest does it: a test may print the same, further in.
    const test = /^ {2}● (.+)$/.exec(line)?.[1];
    if (test !== undefined && test !== 'Console' && file !== '') {
      failures.add(`${target} ${file}: ${test}`);
      blamed.add(target);
    }
    if (/^(Failed tasks|Tasks stopped before they finished):$/.test(line)) listsTargets = true;
    const task = /^- (\S+:\S+)$/.exec(line)?.[1];
    if (listsTargets && task !== undefined && !blamed.has(task)) failures.add(task);
  }
  return [...failures];
}
