import { databaseConfig } from '../store/postgres/database-config';

/** @throws Error when it is missing, or is no URL of a PostgreSQL */
export function databaseUrl(env: Record<string, string | undefined>): string {
  const url = databaseConfig.DATABASE_URL.unwrap().safeParse(env['DATABASE_URL']);
  if (!url.success) throw new Error(`the database ${url.error.issues[0]?.message ?? ''}`);
  return url.data;
}
