/** Every file, one at a time. `npm test` runs those that mostly wait three at a time (jest.together.cjs), then the others (jest.heavy.cjs). */
module.exports = { ...require('../../jest.preset.cjs'), maxWorkers: 1 };
