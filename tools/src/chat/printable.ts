/**
 * What others wrote, without the control characters that would make a terminal do something: move, recolour,
 * answer, set its title. Newlines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '\u{fffd}');
}
