import { uuidv7 } from 'uuidv7';

/** Contract ids carry their prefix in the type; the SDK takes plain strings, and the server judges them. */
export function asId<P extends string>(id: string): `${P}_${string}` {
  return id as `${P}_${string}`;
}

/**
 * A client_id that nobody else uses. They rise with time, so that those of one sender are neighbours in the store's
 * index.
 */
export function newClientId(): string {
  return uuidv7();
}
