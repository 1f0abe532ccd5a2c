import { types, type CustomTypesConfig } from 'pg';
import { decodeText, encodeText } from './text-codec';

/** What a query may be given. Objects go in as JSON text that the caller made. */
export type Value = string | number | boolean | Buffer | null | readonly Value[];

/** Texts are encoded, in arrays too. */
export function toParameter(value: Value): unknown {
  if (typeof value === 'string') return encodeText(value);
  if (Array.isArray(value)) return (value as readonly Value[]).map(toParameter);
  return value;
}

const { builtins } = types;
const TEXT_ARRAY = 1009;
const BIGINT_ARRAY = 1016;

type Parser = (text: string) => unknown;
const arrayOf = (oid: number) => types.getTypeParser(oid, 'text') as (text: string) => string[];
const parsers: Readonly<Record<number, Parser>> = {
  // Counters, times and ids of transactions: none reaches 2^53.
  [builtins.INT8]: Number,
  [builtins.TEXT]: decodeText,
  [builtins.VARCHAR]: decodeText,
  [TEXT_ARRAY]: (text) => arrayOf(TEXT_ARRAY)(text).map(decodeText),
  [BIGINT_ARRAY]: (text) => arrayOf(BIGINT_ARRAY)(text).map(Number),
};

/** How values come out of the database: as the program has them. */
export const valueTypes: CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text') =>
    parsers[oid] ?? types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};
