/** Contract ids carry their prefix in the type; the SDK takes plain strings, and the server judges them. */
export function asId<P extends string>(id: string): `${P}_${string}` {
  return id as `${P}_${string}`;
}

/** A client_id that nobody else uses. */
export function newClientId(): string {
  // `randomUUID` exists in secure contexts only: a page served over plain HTTP on a private network has none.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
