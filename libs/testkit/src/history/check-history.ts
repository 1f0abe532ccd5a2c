import { checkChoices, checkQuestions } from './choices';
import {
  checkEverythingAnswered,
  checkNothingDoubled,
  checkNothingLost,
  checkReceivedInOrder,
  checkSentInOrder,
} from './delivery';
import type { Entry, Violation } from './history';
import { checkLog } from './log';
import { checkEpochs, checkOneCurrent } from './one-current';
import { checkStreams } from './streams';
import { checkLeases, checkPresence } from './presence';

const rules = [
  checkNothingLost,
  checkNothingDoubled,
  checkReceivedInOrder,
  checkSentInOrder,
  checkEverythingAnswered,
  checkLog,
  checkOneCurrent,
  checkEpochs,
  checkPresence,
  checkLeases,
  checkStreams,
  checkQuestions,
  checkChoices,
];

/** All rules that a finished run breaks, in the order of time. */
export function checkHistory(history: readonly Entry[]): Violation[] {
  return rules.flatMap((rule) => rule(history)).toSorted((a, b) => a.at - b.at);
}
