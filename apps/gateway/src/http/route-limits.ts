import type { RouteContract, RouteName } from '@agent-messenger/contracts';
import type { Response } from 'express';
import type { Budget } from '../limits/allowance';
import type { BudgetName } from '../limits/identity-limits';
import type { RateLimits } from '../limits/rate-limits';
import type { Caller } from './callers';

type AddressLimit = 'logins' | 'refreshes';

/** Routes that are counted by address too: whoever has no identity yet, and what costs a hash of a password. */
const OF_ADDRESS: Partial<Record<RouteName, AddressLimit>> = {
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

/** `refused`: for what it said. Whether what failed otherwise was carried out is not known. */
export type Outcome = 'done' | 'refused' | 'unknown';

/** A call that was counted before its body is looked at. */
interface CountedCall {
  budgets: Budget[];
  /** What came of it; before it is answered, so that who reads the answer finds it counted as what it was. */
  settle(outcome: Outcome): Promise<void>;
}

/**
 * Counts a call whose caller is known, before its body is looked at: of its address first, so that what an address does
 * too much of costs no identity.
 */
export async function countCall(
  limits: Pick<RateLimits, AddressLimit | 'registrations' | 'rest'>,
  name: RouteName,
  { method }: RouteContract,
  { identity, ip }: Caller,
): Promise<CountedCall> {
  if (name === 'register') return countRegistration(limits, ip);
  const ofAddress = OF_ADDRESS[name];
  const ofIdentity = OF_IDENTITY[name] ?? (method === 'get' ? 'reads' : 'sends');
  const address = ofAddress ? [await limits[ofAddress].count(ip)] : [];
  const isOverAlready = address.some(({ isExceeded }) => isExceeded);
  const own = identity && !isOverAlready ? await limits.rest.count(ofIdentity, identity, ip) : [];
  return { budgets: [...address, ...own], settle: nothing };
}

/**
 * Takes a registration of the address and one of its requests with a password, until it is known which of them it was:
 * who was refused is the other. So those that are under way together pass neither bound.
 */
async function countRegistration(
  { logins, registrations }: Pick<RateLimits, 'logins' | 'registrations'>,
  ip: string,
): Promise<CountedCall> {
  const attempt = await logins.reserve(ip);
  if (attempt.budget.isExceeded) return { budgets: [attempt.budget], settle: nothing };
  const registration = await registrations.reserve(ip);
  if (registration.budget.isExceeded) {
    // Neither: it waits for those that are under way, which may be refused.
    await Promise.all([attempt.refund(), registration.refund()]);
    return { budgets: [registration.budget], settle: nothing };
  }
  return {
    budgets: [attempt.budget, registration.budget],
    settle: (outcome) => (outcome === 'refused' ? registration : attempt).refund(),
  };
}

async function nothing(): Promise<void> {}

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
export function setBudgetHeaders(response: Response, budgets: readonly Budget[]): void {
  const shown = response.locals['budget'] as Budget | undefined;
  const [least] = [...(shown ? [shown] : []), ...budgets].sort((a, b) => a.remaining - b.remaining);
  if (!least || least === shown) return;
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
