/** A dependency that cannot be used, with a reason in one word that everybody may read. */
export class DependencyError extends Error {
  override readonly name: string = 'DependencyError';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}
