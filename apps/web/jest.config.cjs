const preset = require('../../jest.preset.cjs');

module.exports = {
  ...preset,
  // Jest takes no ES modules from packages: these have what tests without components need of them.
  moduleNameMapper: {
    '^marked$': require.resolve('marked').replace('.esm.js', '.umd.js'),
    '^@preact/signals$': '@preact/signals-core',
  },
};
