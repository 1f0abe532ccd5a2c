import type {
  Ack,
  ClientToServer,
  Event,
  RequestInput,
  RequestName,
  ServerEventName,
  ServerEventPayload,
  ServerToClient,
} from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import { waitFor } from './wait-for';

export interface TestSocketOptions {
  /** `?token=` instead of the handshake payload. */
  query?: Record<string, string>;
}

type Received = {
  [N in ServerEventName]: { name: N; payload: ServerEventPayload<N> };
}[ServerEventName];

/**
 * A bare Socket.IO client that follows the public contract and nothing else: no reconnection, no resume, no duplicate
 * removal. It keeps what the server sent, in order.
 */
export class TestSocket {
  readonly received: Received[] = [];
  readonly socket: Socket<ServerToClient, ClientToServer>;

  constructor(
    url: string,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    { query = {} }: TestSocketOptions = {},
  ) {
    this.socket = io(url + namespace, {
      auth,
      query,
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    this.socket.onAny((name: ServerEventName, payload: unknown) => {
      this.received.push({ name, payload } as Received);
    });
  }

  /** The events of the log, as they came. */
  get events(): Event[] {
    return this.all('event');
  }

  /** Contents of the messages that came as events. */
  get contents(): (string | null)[] {
    return this.events.flatMap((event) =>
      event.type === 'message.created' ? [event.message.content] : [],
    );
  }

  all<N extends ServerEventName>(name: N): ServerEventPayload<N>[] {
    return this.received.flatMap((one) =>
      one.name === name ? [one.payload as ServerEventPayload<N>] : [],
    );
  }

  /** The first payload of an event that fits, now or later. */
  async when<N extends ServerEventName>(
    name: N,
    fits: (payload: ServerEventPayload<N>) => boolean = () => true,
  ): Promise<ServerEventPayload<N>> {
    return waitFor(() => this.all(name).find(fits), {
      describe: `${name} that fits`,
      intervalMs: 5,
    });
  }

  /** Resolves after `synced`; rejects with the connect_error. */
  async synced(): Promise<this> {
    await Promise.race([
      this.when('synced'),
      new Promise<never>((_resolve, reject) => this.socket.once('connect_error', reject)),
    ]);
    return this;
  }

  /** The `data` of the connect_error. */
  async refused(): Promise<{ code: string; retry_after_ms?: number }> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect_error', (error) =>
        resolve((error as Error & { data: never }).data),
      );
      this.socket.once('connect', () => reject(new Error('it was not refused')));
    });
  }

  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<Ack<N>> {
    return this.raw(name, payload) as Promise<Ack<N>>;
  }

  /** A request that need not follow the contract. */
  raw(name: string, ...payload: unknown[]): Promise<unknown> {
    return this.socket.timeout(10_000).emitWithAck(name as 'read', ...(payload as [never]));
  }

  /** Sends a message and returns it; throws when it is refused. */
  async send(conversation_id: string, client_id: string, content: string) {
    const answer = await this.request('message:send', {
      conversation_id: conversation_id as `cnv_${string}`,
      client_id,
      content,
    });
    if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
    return answer;
  }

  async disconnected(): Promise<string> {
    if (this.socket.disconnected) return 'already';
    return new Promise((resolve) => this.socket.once('disconnect', resolve));
  }

  close(): void {
    this.socket.close();
  }
}
