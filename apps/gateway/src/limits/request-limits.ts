import type { RequestName } from '@agent-messenger/contracts';
import { requests } from '@agent-messenger/contracts';
import { answerBytes } from '../compact/page-ack';
import type { BudgetName } from './identity-limits';

/** What each request of a socket is counted as: there is none that costs nothing. */
const BUDGETS: Record<RequestName, BudgetName> = {
  'message:send': 'sends',
  'message:edit': 'sends',
  'message:delete': 'sends',
  'reaction:set': 'sends',
  'action:choose': 'sends',
  sync: 'reads',
  received: 'receipts',
  read: 'receipts',
  typing: 'signals',
  activity: 'signals',
  'stream:start': 'sends',
  'stream:append': 'stream_appends',
  'stream:end': 'sends',
  'stream:fail': 'sends',
  'stream:get': 'reads',
  'stream:stop': 'signals',
  'status:set': 'signals',
  'presence:watch': 'signals',
  'auth:refresh': 'signals',
};

/** Requests that do not exist are counted too: answering them is work. */
export function budgetOfRequest(name: string): BudgetName {
  return isRequest(name) ? BUDGETS[name] : 'signals';
}

/** Identities whose presence is looked up for one request. */
const WATCHED_PER_REQUEST = 10;

/** What a request costs beyond that it was one: who asks for much pays for it. */
export function costOf(
  name: RequestName,
  payload: object,
  answer: object,
): { bytes?: number; more?: number } {
  if (name === 'presence:watch') {
    const { identities } = payload as { identities: unknown[] };
    return { more: Math.floor(identities.length / WATCHED_PER_REQUEST) };
  }
  // Whoever reacts may be answered with the whole message.
  const isRead = BUDGETS[name] === 'reads' || name === 'reaction:set';
  return isRead ? { bytes: answerBytes(answer) } : {};
}

export function isRequest(name: string): name is RequestName {
  return Object.hasOwn(requests, name);
}
