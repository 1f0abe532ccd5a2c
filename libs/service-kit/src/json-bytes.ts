/** How many bytes a value takes on a wire: escapes count, a control character is six of them. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
