/** Digits by which every double is told from the next one. */
const DOUBLE_DIGITS = 17;
/** A middle between two numbers of 17 digits has 18 and zeros behind them. */
const TIE_DIGITS = 30;
/** Without either of them a number has at most 15 digits and an exponent of two: a double keeps it. */
const MAY_BE_INEXACT = /[\d.]{16}|\d[eE][+-]?\d{3}/;
/** The same of a whole text, where numbers come behind something: half of all pairs of UUIDs look like one inside. */
const MAY_HOLD_INEXACT = /(?:^|[[:,\s])-?[\d.]*(?:[\d.]{16}|\d[eE][+-]?\d{3})/;
/** Beyond every bound that numbers have. */
const REFUSED = '1e999';

const [QUOTE, BACKSLASH, MINUS = 0, ZERO = 0, NINE = 0] = Array.from('"\\-09', (char) =>
  char.charCodeAt(0),
);

/**
 * Parsers round silently, and two numbers become one: what no double can stand for is infinite in the answer, which no
 * schema takes.
 */
export function refuseInexactNumbers(json: string): string {
  if (!MAY_HOLD_INEXACT.test(json)) return json;
  let answer = '';
  let from = 0;
  for (const { start, end } of inexactNumbers(json)) {
    answer += json.slice(from, start) + REFUSED;
    from = end;
  }
  return answer + json.slice(from);
}

/** Whether a double could not stand for one of its numbers. */
export function hasInexactNumber(json: string): boolean {
  return MAY_HOLD_INEXACT.test(json) && !inexactNumbers(json).next().done;
}

/** Behind the first bracket or brace: a packet of Socket.IO has a head of its own. */
function* inexactNumbers(json: string): Generator<{ start: number; end: number }> {
  const first = json.search(/[[{]/);
  if (first < 0) return;
  const number = /-?\d[\d.eE+-]*/y;
  let isString = false;
  for (let at = first; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) isString = !isString;
    else if (isString) at += char === BACKSLASH ? 1 : 0;
    else if (char === MINUS || (char >= ZERO && char <= NINE)) {
      number.lastIndex = at;
      const [literal] = number.exec(json) ?? [];
      if (literal === undefined) continue;
      const end = at + literal.length;
      if (MAY_BE_INEXACT.test(literal) && !isKept(literal)) yield { start: at, end };
      at = end - 1;
    }
  }
}

/**
 * Whether a double has the same digits, as many as were written. In the middle between two numbers both are right:
 * `toPrecision` rounds up, and C and JavaScript's shortest form to the even one.
 */
function isKept(literal: string): boolean {
  const value = Number(literal);
  // No number at all: the parser says so.
  if (Number.isNaN(value)) return true;
  const written = decimalOf(literal);
  if (written.digits === '') return true;
  if (written.digits.length > DOUBLE_DIGITS || !Number.isFinite(value)) return false;
  if (isSame(written, decimalOf(value.toPrecision(written.digits.length)))) return true;
  const middle = { digits: `${written.digits}5`, exponent: written.exponent - 1 };
  return isSame(middle, decimalOf(value.toPrecision(TIE_DIGITS)));
}

/** Digits without zeros at either end, of an integer, and its power of ten; none of zero. */
interface Decimal {
  digits: string;
  exponent: number;
}

function isSame(one: Decimal, other: Decimal): boolean {
  return one.digits === other.digits && one.exponent === other.exponent;
}

function decimalOf(literal: string): Decimal {
  const [mantissa = '', power = '0'] = literal.replace(/^-/, '').split(/e/i);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (start < end && all[start] === '0') start += 1;
  while (end > start && all[end - 1] === '0') end -= 1;
  return {
    digits: all.slice(start, end),
    exponent: Number(power) - fraction.length + all.length - end,
  };
}
