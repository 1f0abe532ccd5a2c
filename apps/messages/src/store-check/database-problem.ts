const ADVICE: Record<string, string> = {
  '28P01': 'the password in DATABASE_URL is not that of the role',
  '28000': 'let the role in: pg_hba.conf, or TLS: ?sslmode=require',
  '3D000': 'CREATE DATABASE … OWNER … ENCODING UTF8 TEMPLATE template0',
  '53300': 'raise max_connections, or put PgBouncer in between',
  '55P03': 'somebody keeps a lock on a table, a dump perhaps: see pg_stat_activity',
  '57P03': 'it starts, or recovers: wait, and see its log',
  ECONNREFUSED: 'start it, or correct host and port of DATABASE_URL',
  ENOTFOUND: 'correct the host of DATABASE_URL',
};

export interface DatabaseProblem {
  found: string;
  advice: string;
}

/** Why a database cannot be worked with, and what to do about it; without the password. */
export function databaseProblem(url: string, error: unknown): DatabaseProblem {
  const { code = '' } = error as { code?: string };
  return {
    found: `${placeOf(url)}: ${messageOf(error)}`,
    advice: ADVICE[code] ?? 'see that this machine reaches it, and its log',
  };
}

/** Of several addresses that were tried there is a code alone. */
export function messageOf(error: unknown): string {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  return message || code;
}

/** Without the password. */
export function placeOf(url: string): string {
  const { host, pathname, username } = new URL(url);
  return `${username}@${host}${pathname}`;
}
