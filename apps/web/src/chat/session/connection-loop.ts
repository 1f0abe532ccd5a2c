import { signal } from '@preact/signals';
import { MessengerError, type Client } from '@agent-messenger/sdk/browser';
import { Pause } from './pause';

export type ConnectionState =
  /** The first connection of this page is on its way. */
  | 'connecting'
  | 'online'
  /** Lost, and coming back. */
  | 'reconnecting'
  /** The browser has no network, or no gateway answers. */
  | 'offline'
  /** Another device has the conversation now; this one stays away until it is told otherwise. */
  | 'replaced'
  /** The login has ended. */
  | 'ended';

export interface ConnectionLoopOptions {
  connect: (signal: AbortSignal) => Promise<Client>;
  /** A client, with its listeners to be set, and null when it is over. */
  onClient: (client: Client | null) => void;
}

const LONGEST_WAIT_MS = 8_000;

/** One client after another, for as long as the page lives: the page begins offline, and outlives every connection. */
export class ConnectionLoop {
  readonly state = signal<ConnectionState>('connecting');
  #client: Client | null = null;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #pause = new Pause();

  constructor(private readonly options: ConnectionLoopOptions) {}

  start(): void {
    addEventListener('online', this.#onNetwork);
    this.#running = this.#run();
  }

  /** After `replaced`: this page takes over. */
  takeOver(): void {
    this.state.value = 'connecting';
    this.#running = this.#run();
  }

  /** The connection is this browser's again. */
  comeBack(): void {
    if (this.state.peek() === 'replaced') this.takeOver();
  }

  /** Resolves when nothing of a connection that was on its way is left. */
  get over(): Promise<void> {
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    removeEventListener('online', this.#onNetwork);
    this.#pause.end();
    await this.#client?.close({ deadlineMs: 1_000 });
  }

  readonly #onNetwork = () => this.#pause.end();

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const client = await this.options.connect(signal);
        // It stood when it was ended.
        if (signal.aborted) return await client.close({ deadlineMs: 0 });
        failures = 0;
        if (await this.#live(client)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (isOver(error)) return this.#end(error);
        this.state.value = 'offline';
      }
      await this.#pause.wait(
        Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures) * (0.5 + Math.random() / 2),
      );
    }
  }

  /** Resolves when the client has ended: true when no other one follows. */
  async #live(client: Client): Promise<boolean> {
    this.#client = client;
    const ended = new Promise<MessengerError>((resolve) => client.on('ended', resolve));
    client.on('connected', () => (this.state.value = 'online'));
    client.on('disconnected', (_error, again) => {
      if (again) this.state.value = navigator.onLine ? 'reconnecting' : 'offline';
    });
    this.state.value = 'online';
    this.options.onClient(client);
    const error = await ended;
    this.#client = null;
    this.options.onClient(null);
    if (!isOver(error)) return false;
    this.#end(error);
    return true;
  }

  #end(error: MessengerError): void {
    this.state.value = error.code === 'replaced' ? 'replaced' : 'ended';
  }
}

/** Nothing that waiting would mend. */
function isOver(error: unknown): error is MessengerError {
  const codes = ['replaced', 'unauthorized', 'revoked', 'forbidden'];
  return error instanceof MessengerError && codes.includes(error.code);
}
