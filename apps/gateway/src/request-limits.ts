import type { RequestName } from '@agent-messenger/contracts';
import { requests } from '@agent-messenger/contracts';
import type { BudgetName } from './rate-limits';

/** What each request of a socket is counted as: there is none that costs nothing. */
const BUDGETS: Record<RequestName, BudgetName> = {
  'message:send': 'sends',
  'message:edit': 'sends',
  'message:delete': 'sends',
  'reaction:set': 'sends',
  sync: 'reads',
  received: 'receipts',
  read: 'receipts',
  typing: 'signals',
  'status:set': 'signals',
  'presence:watch': 'signals',
  'auth:refresh': 'signals',
};

/** Requests that do not exist are counted too: answering them is work. */
export function budgetOfRequest(name: string): BudgetName {
  return isRequest(name) ? BUDGETS[name] : 'signals';
}

export function isRequest(name: string): name is RequestName {
  return Object.hasOwn(requests, name);
}
