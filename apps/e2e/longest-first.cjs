const { default: Sequencer } = require('@jest/test-sequencer');

/** Twice as long as any other: begun last, everything would have to wait for it. */
const LONGEST = /\/chaos\.test\.ts$/;

/** Without the times of an earlier run jest would begin with the largest files. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isLongest = ({ path }) => LONGEST.test(path);
    return [...sorted.filter(isLongest), ...sorted.filter((test) => !isLongest(test))];
  }
};
