import type { RouteContract, RouteName } from '@agent-messenger/contracts';
import type { Response } from 'express';
import type { Budget, BudgetName, RateLimits } from '../rate-limits';
import type { Caller } from './callers';

type AddressLimit = 'logins' | 'refreshes' | 'registrations';

/** Routes that are counted by address too: whoever has no identity yet, and what costs a hash of a password. */
const OF_ADDRESS: Partial<Record<RouteName, AddressLimit>> = {
  register: 'registrations',
  login: 'logins',
  changePassword: 'logins',
  deleteAccount: 'logins',
  refresh: 'refreshes',
  logout: 'refreshes',
  agentToken: 'refreshes',
};

/** Counts a call of an identity as a read or as a send, except for these. */
const OF_IDENTITY: Partial<Record<RouteName, BudgetName>> = { markRead: 'receipts' };

/** Counts a call whose caller is known, before its body is looked at. */
export async function countCall(
  limits: Pick<RateLimits, AddressLimit | 'rest'>,
  name: RouteName,
  { method }: RouteContract,
  { identity, ip }: Caller,
): Promise<Budget[]> {
  const ofAddress = OF_ADDRESS[name];
  const ofIdentity = OF_IDENTITY[name] ?? (method === 'get' ? 'reads' : 'sends');
  const [address, own] = await Promise.all([
    ofAddress && limits[ofAddress].count(ip),
    identity && limits.rest.count(ofIdentity, identity, ip),
  ]);
  return [...(address ? [address] : []), ...(own ?? [])];
}

/** The `RateLimit-*` headers (draft-ietf-httpapi-ratelimit-headers) of the budget of which least is left. */
export function tellBudgets(response: Response, budgets: readonly Budget[]): void {
  const told = response.locals['budget'] as Budget | undefined;
  const [least] = [...(told ? [told] : []), ...budgets].sort((a, b) => a.remaining - b.remaining);
  if (!least || least === told) return;
  response.locals['budget'] = least;
  response.setHeader('RateLimit-Limit', least.limit);
  response.setHeader('RateLimit-Remaining', least.remaining);
  response.setHeader('RateLimit-Reset', Math.ceil(least.resetMs / 1_000));
}

/** Headers that pages of other origins may read. */
export const LIMIT_HEADERS = [
  'Retry-After',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];
