import { findChromium, runsHere } from '@agent-messenger/testkit';

export { launchChromium } from '@agent-messenger/testkit';

const isHere = runsHere(findChromium() !== undefined);
/** Skipped where there is no Chromium, but for CI. */
export const describeInChromium = isHere ? describe : describe.skip;
export const itInChromium = isHere ? it : it.skip;
