import { evaluate } from './modules';

describe('countTests', () => {
  const count = (output: string) =>
    evaluate('test-output', `lib.countTests(${JSON.stringify(output)})`);

  it('adds up the summaries of all runs, coloured or not', () => {
    const output = [
      'Test Suites: 5 passed, 5 total',
      'Tests:       2 skipped, 20 passed, 22 total',
      'Snapshots:   0 total',
      '\u001b[1mTests:       \u001b[22m\u001b[1m\u001b[31m1 failed\u001b[39m\u001b[22m, \u001b[1m\u001b[32m7 passed\u001b[39m\u001b[22m, 8 total',
      'Tests: none of these is one',
    ].join('\n');
    expect(count(output)).toEqual({ passed: 27, failed: 1, skipped: 2 });
  });

  it('counts a suite that could not run', () => {
    const output = [
      'FAIL tests/a.test.ts',
      '  ● Test suite failed to run',
      'FAIL tests/b.test.ts',
      '  ● fails',
      'Test Suites: 2 failed, 1 passed, 3 total',
      'Tests:       1 failed, 3 passed, 4 total',
      'Test Suites: 1 passed, 1 total',
      'Tests:       1 passed, 1 total',
    ].join('\n');
    expect(count(output)).toEqual({ passed: 4, failed: 2, skipped: 0 });
  });
});

describe('listFailures', () => {
  const list = (output: string) =>
    evaluate('test-output', `lib.listFailures(${JSON.stringify(output)})`);

  it('names each failed test once, with its file and target', () => {
    const output = [
      '> nx run @agent-messenger/sdk:test',
      ' PASS  tests/a.test.ts',
      '  ● Console',
      ' \u001b[31mFAIL\u001b[39m  tests/b.test.ts (27.052 s)',
      '  ● Console',
      '  \u001b[31m● the reader › ends\u001b[39m',
      '    ● printed by what is tested',
      ' PASS  tests/c.test.ts',
      '  ● Console',
      ' FAIL  tests/d.test.ts',
      '  ● Test suite failed to run',
      'Summary of all failing tests',
      ' FAIL  tests/b.test.ts (27.052 s)',
      '  ● the reader › ends',
      '> nx run @agent-messenger/web:test',
      'FAIL tests/b.test.ts',
      '  ● shows it',
      ' NX   Running target test for 2 projects failed',
      'Failed tasks:',
      '',
      '- @agent-messenger/sdk:test',
      '- @agent-messenger/web:test',
    ].join('\n');
    expect(list(output)).toEqual([
      '@agent-messenger/sdk:test tests/b.test.ts: the reader › ends',
      '@agent-messenger/sdk:test tests/d.test.ts: Test suite failed to run',
      '@agent-messenger/web:test tests/b.test.ts: shows it',
    ]);
  });

  it('names a target that failed without a test, or did not end', () => {
    const output = [
      ' NX   Running target test for project @agent-messenger/e2e and 7 tasks it depends on:',
      '- @agent-messenger/e2e',
      '> nx run @agent-messenger/web:build',
      'Tasks not run because their dependencies failed or --nx-bail=true:',
      '- @agent-messenger/web:test',
      'Failed tasks:',
      '- @agent-messenger/web:build',
      'Tasks stopped before they finished:',
      '- @agent-messenger/e2e:test-heavy',
    ].join('\n');
    expect(list(output)).toEqual(['@agent-messenger/web:build', '@agent-messenger/e2e:test-heavy']);
  });

  it('names nothing where all passed', () => {
    expect(list(['> nx run a:test', 'PASS tests/a.test.ts', 'a: ● none'].join('\n'))).toEqual([]);
  });
});
