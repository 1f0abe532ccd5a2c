/** Normal closure, going away, and a close frame without a code. */
const IN_ORDER = [1000, 1001, 1005];

/** Whether a peer that closed with this code ended in order. */
export function isGoodbye(code: number | undefined): boolean {
  return code !== undefined && IN_ORDER.includes(code);
}
