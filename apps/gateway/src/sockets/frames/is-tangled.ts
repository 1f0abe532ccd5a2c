/** What is shorter is parsed in a few milliseconds, whatever is in it. */
const SHORT_CHARS = 64 * 1024;
/** Brackets and commas outside of strings: metadata at its bounds has half as many. */
const MOST = 10_000;

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = Array.from('"\\,[{', (char) =>
  char.charCodeAt(0),
);

/**
 * Whether JSON has more structure than any request: 2 MiB of nested arrays take 200 ms of the one thread to parse (Node
 * 20), the largest message, which is one string, 2 ms.
 */
export function isTangled(json: string): boolean {
  if (json.length <= SHORT_CHARS) return false;
  let count = 0;
  let isString = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) isString = !isString;
    else if (isString) at += char === BACKSLASH ? 1 : 0;
    else if (char === COMMA || char === BRACKET || char === BRACE) count += 1;
    if (count > MOST) return true;
  }
  return false;
}
