import type { RouteContract, RouteName } from '@agent-messenger/contracts';
import type { Response } from 'express';
import type { Budget } from '../limits/allowance';
import type { BudgetName } from '../limits/identity-limits';
import type { RateLimits } from '../limits/rate-limits';
import type { Caller } from './callers';

type AddressLimit = 'logins' | 'refreshes' | 'registrations';

/** Routes that are counted by address too: whoever has no identity yet, and what costs a hash of a password. */
const OF_ADDRESS: Partial<Record<RouteName, AddressLimit>> = {
  register: 'registrations',
  login: 'logins',
  loginByLink: 'logins',
  changePassword: 'logins',
  deleteAccount: 'logins',
  refresh: 'refreshes',
  logout: 'refreshes',
  agentToken: 'refreshes',
};

/** Counts a call of an identity as a read or as a send, except for these. */
const OF_IDENTITY: Partial<Record<RouteName, BudgetName>> = { markRead: 'receipts' };

const ANSWERED_WITH_MORE = new Set<RouteName>(['addReaction', 'removeReaction']);

/**
 * Counts a call whose caller is known, before its body is looked at: of its address first, so that what an address does
 * too much of costs no identity.
 */
export async function countCall(
  limits: Pick<RateLimits, AddressLimit | 'rest'>,
  name: RouteName,
  { method }: RouteContract,
  { identity, ip }: Caller,
): Promise<Budget[]> {
  const ofAddress = OF_ADDRESS[name];
  const ofIdentity = OF_IDENTITY[name] ?? (method === 'get' ? 'reads' : 'sends');
  const address = ofAddress ? [await limits[ofAddress].count(ip)] : [];
  if (!identity || address.some(({ isExceeded }) => isExceeded)) return address;
  return [...address, ...(await limits.rest.count(ofIdentity, identity, ip))];
}

/** Counts what was read, by its bytes; whoever reacts may be answered with the whole message. */
export function chargeAnswer(
  { rest }: Pick<RateLimits, 'rest'>,
  name: RouteName,
  { method }: RouteContract,
  { identity, bytes }: Pick<Caller, 'identity'> & { bytes: number },
): void {
  if (!identity) return;
  if (method === 'get') rest.charge('reads', identity, { bytes });
  if (ANSWERED_WITH_MORE.has(name)) rest.charge('sends', identity, { bytes });
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
