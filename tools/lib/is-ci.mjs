/** Whether nobody watches, and so what cannot be tested has failed: CI is set, as every service for that does. */
export function isCi() {
  return !['', '0', 'false'].includes(process.env.CI ?? '');
}
