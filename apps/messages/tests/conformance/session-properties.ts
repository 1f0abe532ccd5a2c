import fc from 'fast-check';
import { BY, byUser, createWorld, later, refusal, type OpenStore } from './world';

const REPEAT_MS = 30_000;
const LIFE_MS = 1_000_000_000;

/** When a refresh token was used, if it was, and for which it was handed out. */
interface Token {
  parent: number | undefined;
  usedAt: number | undefined;
}

/** What a session is by the promise: a tree of refresh tokens, each used once; twice means that it was copied. */
interface Chain {
  user: number;
  id: string;
  alive: boolean;
  tokens: Map<number, Token>;
}

const user = fc.nat(1);
/** The one that was issued last, or so many before it. */
const token = fc.nat(2);
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant('create' as const), user }) },
  { weight: 15, arbitrary: fc.record({ op: fc.constant('rotate' as const), token }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('end' as const), token }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('everywhere' as const), token }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('password' as const), user, token }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat(40_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export function describeSessionProperties(open: OpenStore): void {
  test('sessions follow the model, whatever is shown in whichever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) =>
        follow(open, steps),
      ),
      { numRuns: 25 },
    );
  }, 60_000);
}

async function follow(open: OpenStore, steps: Step[]): Promise<void> {
  const world = await createWorld(open);
  const { store, clock } = world;
  const people = [await world.user(), await world.user()];
  const chains: Chain[] = [];
  const issued: number[] = [];
  /** The token that a step shows; 0 was never issued. */
  const shownBy = (one: { token: number }) => issued.at(-1 - one.token) ?? 0;
  const digest = (n: number) => `digest ${n}`;
  const expires_at = later(clock.ms, LIFE_MS);
  const chainOf = (n: number) => chains.find(({ tokens }) => tokens.has(n));
  const idOf = (n: number) => people[n] ?? '';
  const ended = (some: Chain[]) =>
    some.map(({ user, id }) => ({ identity_id: idOf(user), credential_id: id })).sort(byId);

  /** All living sessions of a person but one end. */
  function endAll(user: number, kept?: Chain): Chain[] {
    const ending = chains.filter((one) => one.alive && one.user === user && one !== kept);
    for (const one of ending) one.alive = false;
    return ending;
  }

  /** The sessions that end, and the one that goes on. */
  function rotate(shown: number, next: number): { goesOn: Chain | null; ends: Chain[] } {
    const chain = chainOf(shown);
    if (!chain?.alive) return { goesOn: null, ends: [] };
    const token = chain.tokens.get(shown);
    const wasSucceeded = [...chain.tokens.values()].some(
      ({ parent, usedAt }) => parent === shown && usedAt !== undefined,
    );
    const usedAt = token?.usedAt;
    if (usedAt !== undefined && (wasSucceeded || clock.ms - usedAt > REPEAT_MS)) {
      chain.alive = false;
      return { goesOn: null, ends: [chain] };
    }
    if (token) token.usedAt ??= clock.ms;
    chain.tokens.set(next, { parent: shown, usedAt: undefined });
    return { goesOn: chain, ends: [] };
  }

  for (const one of steps) {
    switch (one.op) {
      case 'wait':
        clock.ms += one.ms;
        break;
      case 'create': {
        const by = byUser(idOf(one.user));
        const first = issued.length + 1;
        issued.push(first);
        const request = { user_id: idOf(one.user), refresh_digest: digest(first), expires_at, by };
        const { session_id } = await store.createSession(request);
        const tokens = new Map([[first, { parent: undefined, usedAt: undefined }]]);
        chains.push({ user: one.user, id: session_id, alive: true, tokens });
        break;
      }
      case 'rotate': {
        const [shown, next] = [shownBy(one), issued.length + 1];
        const request = { refresh_digest: digest(shown), next_digest: digest(next) };
        const answer = await store.rotateSession({ ...request, expires_at, by: BY });
        const { goesOn, ends } = rotate(shown, next);
        if (goesOn) issued.push(next);
        expect(answer).toEqual({
          session: goesOn && { session_id: goesOn.id, user_id: idOf(goesOn.user) },
          ended: ended(ends),
        });
        break;
      }
      case 'end':
      case 'everywhere': {
        const chain = chainOf(shownBy(one));
        const everywhere = one.op === 'everywhere';
        const isUnused = chain?.tokens.get(shownBy(one))?.usedAt === undefined;
        const request = { refresh_digest: digest(shownBy(one)), everywhere, by: BY };
        const answer = await store.endSession(request);
        const ends = !chain
          ? []
          : chain.alive && everywhere && isUnused
            ? endAll(chain.user)
            : [chain];
        if (chain) chain.alive = false;
        expect([...answer.ended].sort(byId)).toEqual(ended(ends));
        break;
      }
      case 'password': {
        const chain = chainOf(shownBy(one));
        const kept = chain && { keep_session_id: chain.id };
        const request = { user_id: idOf(one.user), password_hash: 'x', ...kept, by: BY };
        if (chain && (!chain.alive || chain.user !== one.user)) {
          expect((await refusal(store.updateUser(request))).code).toBe('unauthorized');
          break;
        }
        const answer = await store.updateUser(request);
        expect([...answer.ended].sort(byId)).toEqual(ended(endAll(one.user, chain)));
        break;
      }
    }
    const { invalid } = await store.checkCredentials({ credentials: ended(chains) });
    const dead = ended(chains.filter(({ alive }) => !alive));
    expect(invalid).toEqual(dead.map(({ credential_id }) => credential_id));
  }
  await store.close();
}

function byId(a: { credential_id: string }, b: { credential_id: string }): number {
  return a.credential_id < b.credential_id ? -1 : 1;
}
