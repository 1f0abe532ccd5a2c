import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const UNITS: Record<string, string> = { string: ' characters', array: ' entries', set: ' entries' };
const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** What is wrong, for whoever sent it: what a field must be, in words of ours where the schema has none of its own. */
export function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `must ${verbOf(issue.origin)} at least ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
    case 'too_big':
      return `must ${verbOf(issue.origin)} at most ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
    case 'invalid_type':
      if (/received undefined$/.test(issue.message)) return 'is required';
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return isOurs(issue) ? issue.message : 'has the wrong form';
    case 'unrecognized_keys':
      return `does not take ${issue.keys.join(', ')}`;
    case 'invalid_union':
      return isOurs(issue) ? issue.message : 'has none of the forms that it may have';
    default:
      return issue.message;
  }
}

const verbOf = (origin: string): string => (UNITS[origin] === undefined ? 'be' : 'have');

/** A schema with a message of its own says more than its kind of problem. */
function isOurs({ message }: Issue): boolean {
  return !/^Invalid /.test(message);
}
