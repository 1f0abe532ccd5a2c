module.exports = {
  ...require('../jest.preset.cjs'),
  testPathIgnorePatterns: ['/node_modules/', '/tests/surroundings/'],
};
