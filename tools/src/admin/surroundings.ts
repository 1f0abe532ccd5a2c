import { createRest, type RestInput } from '@agent-messenger/sdk/rest';
import type { RouteName, RouteResponse } from '@agent-messenger/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../command-line';
import { AdminError } from './admin-error';

export interface SurroundingsOptions {
  env: Record<string, string | undefined>;
  /** Gateway; default AGENT_MESSENGER_URL, else that of `npm start`. */
  url: string | undefined;
  /** Where `npm start` keeps its data: the admin key is there, and the store. */
  dataDir: string;
  /** It is not the default one. */
  isDataDirNamed: boolean;
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
export class Surroundings {
  readonly env: Record<string, string | undefined>;
  readonly dataDir: string;
  readonly url: string;

  constructor(private readonly options: SurroundingsOptions) {
    this.env = options.env;
    this.dataDir = options.dataDir;
    this.url = options.url ?? (options.env['AGENT_MESSENGER_URL'] || DEFAULT_URL);
  }

  /** Calls an admin route. */
  async request<N extends RouteName>(name: N, input: RestInput<N>): Promise<RouteResponse<N>> {
    if (!/^https?:\/\//.test(this.url) || !URL.canParse(this.url)) {
      throw new UsageError(`a gateway has a URL like ${DEFAULT_URL}, not "${this.url}"`);
    }
    return createRest(this.url).request(name, input, { adminKey: this.adminKey() });
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

  /** The store's file: `--db`, DB_PATH, or that of `npm start`. */
  database(given: string | undefined): string {
    return given ?? (this.env['DB_PATH'] || join(this.dataDir, 'messages.db'));
  }

  /** Whether somebody said where the store is: a gateway's operator may have none beside the command. */
  isStoreNamed(given: string | undefined): boolean {
    return Boolean(given ?? this.env['DB_PATH']) || this.options.isDataDirNamed;
  }

  private adminKey(): string {
    const { env, dataDir } = this;
    if (env['ADMIN_API_KEY']) return env['ADMIN_API_KEY'];
    const file = env['ADMIN_API_KEY_FILE'] || join(dataDir, 'admin_api_key');
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new AdminError(
        `no admin key: set ADMIN_API_KEY or ADMIN_API_KEY_FILE, or name the data folder of npm start (${reason})`,
        { cause },
      );
    }
  }
}
