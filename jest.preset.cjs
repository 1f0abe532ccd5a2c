/** Shared by every project: TypeScript by swc, workspace libraries from their sources. */
module.exports = {
  testEnvironment: 'node',
  // In CI what is not there for a test fails it: see `runsHere` of testkit.
  globals: {
    runsEverything: !['', '0', 'false'].includes(process.env.CI ?? ''),
    /** The pictures in the docs are made anew. */
    updateScreenshots: process.env.UPDATE_SCREENSHOTS !== undefined,
  },
  testEnvironmentOptions: {
    customExportConditions: ['@agent-messenger/source', 'node', 'require', 'default'],
  },
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testSequencer: require.resolve('./jest.longest-first.cjs'),
  // Half of the time a test waits: for processes that start, for clocks, for what it has sent.
  maxWorkers: '100%',
  // Ends what hangs, and says nothing of how quick anything is: machines may be slow, and busy with the other tests.
  testTimeout: 60_000,
};
