/** What needs more than every run of the tests brings: `npm run test:surroundings`. */
module.exports = {
  ...require('../jest.preset.cjs'),
  testMatch: ['<rootDir>/tests/surroundings/*.test.ts'],
};
