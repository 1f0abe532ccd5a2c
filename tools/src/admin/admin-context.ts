import { createRest, type Rest, type RestInput } from '@agent-messenger/sdk/rest';
import {
  routes,
  type RouteContract,
  type RouteName,
  type RouteResponse,
} from '@agent-messenger/contracts';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../command-line';
import { findStack, findStackAt } from '../find-stack';
import { AdminError } from './admin-error';

export interface AdminContextOptions {
  env: Record<string, string | undefined>;
  /** Where the admin routes are; default AGENT_MESSENGER_URL, else those of what `npm start` runs. */
  url: string | undefined;
  /**
   * Where `npm start` keeps its data: the admin key is there, and the store. Default: of what runs; with a URL only of
   * what runs there.
   */
  dataDir: string | undefined;
  json: boolean;
  /** A line for people or programs, on stdout. */
  print(line: string): void;
  /** The same on stderr. */
  warn(line: string): void;
  /** A secret that the operator types or pipes in; never on the command line, where every process listing shows it. */
  askSecret(question: string): Promise<string>;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** What commands work with. */
export class AdminContext {
  readonly env: Record<string, string | undefined>;
  readonly url: string;
  /** Internal port of a gateway. */
  readonly internalUrl: string;
  /** Where people are, when that is known. */
  readonly publicUrl: string | undefined;
  /** Undefined with a URL that is of nothing that `npm start` runs here: there the store is another one. */
  readonly #dataDir: string | undefined;
  /** Where the key of the gateways at `url` is. */
  readonly #keyDir: string | undefined;

  constructor(private readonly options: AdminContextOptions) {
    this.env = options.env;
    const given = options.url || options.env['AGENT_MESSENGER_URL'];
    const found =
      given && options.dataDir === undefined
        ? findStackAt(given, options.env)
        : findStack(options.dataDir, options.env);
    const addresses = found?.addresses;
    this.#dataDir = found?.dataDir;
    // Who listens at the default URL, where nothing is known to run, need not be what the folder's key is for.
    this.#keyDir = options.dataDir !== undefined || addresses ? found?.dataDir : undefined;
    this.url = given || (addresses?.admin ?? DEFAULT_URL);
    this.internalUrl = given || (addresses?.internal ?? this.url);
    this.publicUrl = given ? undefined : addresses?.gateways[0];
  }

  /** The same with the admin routes at this URL, if one is given. */
  adminAt(url: string | undefined): AdminContext {
    return url === undefined ? this : new AdminContext({ ...this.options, url });
  }

  /** Calls an admin route. */
  async request<N extends RouteName>(name: N, input: RestInput<N>): Promise<RouteResponse<N>> {
    const { port }: RouteContract = routes[name];
    const rest = this.#rest(port === 'internal' ? this.internalUrl : this.url);
    return rest.request(name, input, { adminKey: this.adminKey() });
  }

  /** Every entry of a listing, page after page. */
  async *pages<T>(
    next: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor: string | null }>,
  ): AsyncGenerator<T> {
    let cursor: string | undefined;
    do {
      const { items, next_cursor } = await next(cursor);
      yield* items;
      cursor = next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** The same for people and for programs: a line of JSON with `--json`, else the lines given. */
  print(answer: unknown, lines: string[]): void {
    if (this.options.json) this.options.print(JSON.stringify(answer));
    else for (const line of lines) this.options.print(line);
  }

  warn(line: string): void {
    this.options.warn(line);
  }

  askSecret(question: string): Promise<string> {
    return this.options.askSecret(question);
  }

  /** The store's file: `--db`, DB_PATH, or that of `npm start`. @throws AdminError where nothing says which */
  database(given: string | undefined): string {
    const file = this.databaseIfKnown(given);
    if (file !== undefined) return file;
    throw new AdminError(
      `nothing that npm start runs here is at ${this.url}: --db, DB_PATH or --data-dir says where its store is`,
    );
  }

  /** The same, or undefined. */
  databaseIfKnown(given: string | undefined): string | undefined {
    if (given !== undefined) return this.path(given);
    if (this.env['DB_PATH']) return this.env['DB_PATH'];
    return this.#dataDir === undefined ? undefined : join(this.#dataDir, 'messages.db');
  }

  /** Whether messages has its store in PostgreSQL, as far as the environment says. */
  get isInPostgres(): boolean {
    return Boolean(this.env['DATABASE_URL'] || this.env['DATABASE_URL_FILE']);
  }

  /** The same for commands that copy the file. @throws AdminError where there is none */
  databaseFile(given: string | undefined): string {
    if (given === undefined && this.isInPostgres) {
      throw new AdminError(
        'the store is in PostgreSQL, whose own tools back it up and restore it: docs/postgresql.md, Backup (--db names a SQLite file)',
      );
    }
    return this.database(given);
  }

  /** What is typed is relative to where the person stands: npm runs commands in the folder of the project. */
  path(typed: string): string {
    return resolve(this.env['INIT_CWD'] ?? '.', typed);
  }

  /** Whether somebody said where the store is: a gateway's operator may have none beside the command. */
  isStoreNamed(given: string | undefined): boolean {
    return Boolean(given ?? this.env['DB_PATH']) || this.options.dataDir !== undefined;
  }

  #rest(url: string): Rest {
    try {
      return createRest(url);
    } catch (error) {
      throw new UsageError((error as TypeError).message);
    }
  }

  private adminKey(): string {
    const { env } = this;
    if (env['ADMIN_API_KEY']) return env['ADMIN_API_KEY'];
    const file = env['ADMIN_API_KEY_FILE'] || (this.#keyDir && join(this.#keyDir, 'admin_api_key'));
    if (!file) throw noAdminKey(`npm start runs nothing here that is at ${this.url}`);
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (cause) {
      throw noAdminKey((cause as Error).message, cause);
    }
  }
}

function noAdminKey(reason: string, cause?: unknown): AdminError {
  return new AdminError(
    `no admin key: set ADMIN_API_KEY or ADMIN_API_KEY_FILE, or name the data folder of npm start with --data-dir (${reason})`,
    { cause },
  );
}
