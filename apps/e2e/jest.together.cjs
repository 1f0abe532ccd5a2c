const all = require('./jest.config.cjs');
const { testMatch: heavy } = require('./jest.heavy.cjs');

/** Whole stacks that mostly wait: three files at a time, whatever the number of processors. */
module.exports = {
  ...all,
  maxWorkers: 3,
  // Toolchains that are too large for every run: `npm run test:surroundings`.
  testPathIgnorePatterns: ['/node_modules/', '/tests/surroundings/', ...heavy],
};
