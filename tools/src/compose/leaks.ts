/** An access token, whosoever it is. */
const TOKEN = /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;

/** The lines of a log that have something in them that must not be there; `secrets` are what else that is. */
export function leaks(log: string, secrets: readonly string[]): string[] {
  return log
    .split('\n')
    .filter((line) => TOKEN.test(line) || secrets.some((secret) => line.includes(secret)));
}
