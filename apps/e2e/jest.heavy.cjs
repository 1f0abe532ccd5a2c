/** Tests that load the machine or measure what a process holds: two files at a time, after the others. */
const heavy = [
  'proxies',
  'reliability/backlog',
  'reliability/presence',
  'reliability/slow-readers',
  'reliability/storm',
  'security/abuse',
  'security/floods',
  'security/fuzz',
];

module.exports = {
  ...require('./jest.config.cjs'),
  maxWorkers: 2,
  testMatch: heavy.map((name) => `<rootDir>/tests/${name}.test.ts`),
};
