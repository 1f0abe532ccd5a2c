/** The stack cannot start for a reason that the message explains in full; a stack trace adds nothing. */
export class LaunchError extends Error {
  override name = 'LaunchError';
}
