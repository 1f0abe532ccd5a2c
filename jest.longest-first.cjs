const { default: Sequencer } = require('@jest/test-sequencer');

/** Far longer than the others of their project, or waiting for clocks: begun last, everything would have to wait for them. */
const LONGEST =
  /\/(before-authentication|chaos|conformance|conformance-in-turn|heartbeat|http-bounds|late-handshakes|package|systems)\.test\.ts$/;

/** Without the times of an earlier run jest would begin with the largest files. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isLongest = ({ path }) => LONGEST.test(path);
    return [...sorted.filter(isLongest), ...sorted.filter((test) => !isLongest(test))];
  }
};
