import { escapeLiteral } from 'pg';

/**
 * Statements of the superuser after which a database has the rows of the one that is asked and no others, as on its
 * first day: nothing is left of the others in its files, and its sequences begin anew.
 */
export async function statementsToEmpty(
  ask: <Row extends object>(sql: string) => Promise<Row[]>,
): Promise<string> {
  const tables = await ask<{ name: string }>(
    `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const names = tables.map(({ name }) => name);
  const [rows = {}] = await ask<Record<string, string | null>>(
    `SELECT ${names.map((name) => `(SELECT json_agg(r)::text FROM ${name} r) AS ${name}`).join()}`,
  );
  const filled = Object.entries(rows).flatMap(([name, json]) =>
    json === null
      ? []
      : `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, ${escapeLiteral(json)})`,
  );
  return [
    `TRUNCATE ${names.join()}`,
    ...filled,
    `SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences`,
  ].join(';\n');
}
