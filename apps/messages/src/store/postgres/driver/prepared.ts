const names = new Map<string, string>();

/**
 * SQL of what each batch does: parsed and planned once for each connection, where that is one of the server itself. Of
 * one text there is one plan for all values, so that it must be right for few rows and for many.
 */
export function prepared(sql: string): string {
  if (!names.has(sql)) names.set(sql, `s${names.size + 1}`);
  return sql;
}

/** What the statement is called at the server; undefined: it is not kept there. */
export function nameOf(sql: string): string | undefined {
  return names.get(sql);
}
