/** What the operator can do something about; shown as one line, without a stack. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}
