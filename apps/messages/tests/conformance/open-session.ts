import { byUser, createWorld, later, type OpenStore } from './world';

/** The answer to a refresh token of which nothing is known. */
export const NO_SESSION = { session: null, ended: [] };

/** A session whose first refresh token is `d1`; `works` tells whether the session lives. */
export async function openSession(open: OpenStore) {
  const world = await createWorld(open);
  const { store, clock } = world;
  const user_id = await world.user();
  const by = byUser(user_id);
  const expires_at = later(clock.ms, 1_000_000);
  const created = await store.createSession({ user_id, refresh_digest: 'd1', expires_at, by });
  const { session_id } = created;
  const credential = { identity_id: user_id, credential_id: session_id };
  const rotate = (from: string, to: string) =>
    store.rotateSession({ refresh_digest: from, next_digest: to, expires_at, by });
  const works = () =>
    store.authorize(credential).then(
      () => true,
      () => false,
    );
  const rotated = { session: { session_id, user_id }, ended: [] };
  const reused = { session: null, ended: [credential] };
  return { world, clock, rotate, works, rotated, reused, credential };
}
