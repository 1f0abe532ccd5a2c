import type {
  Ack,
  Event,
  RequestInput,
  RequestName,
  ServerEventName,
  ServerEventPayload,
} from '@agent-messenger/contracts';
import { waitFor } from './wait-for';

type Received = {
  [N in ServerEventName]: { name: N; payload: ServerEventPayload<N> };
}[ServerEventName];

export interface Refusal {
  code: string;
  retry_after_ms?: number;
}

/**
 * A bare client that follows the public contract and nothing else, whatever the transport: no reconnection, no resume,
 * no duplicate removal. It keeps what the server sent, in order.
 */
export abstract class TestSocketBase {
  readonly received: Received[] = [];

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

  request<N extends RequestName>(name: N, payload: RequestInput<N>): Promise<Ack<N>> {
    return this.raw(name, payload) as Promise<Ack<N>>;
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

  /** Resolves after `synced`; rejects with why the connection was refused. */
  abstract synced(): Promise<this>;
  /** Why the connection was refused. */
  abstract refused(): Promise<Refusal>;
  /** A request that need not follow the contract. */
  abstract raw(name: string, ...payload: unknown[]): Promise<unknown>;
  /** How the connection ended, in the transport's own words. */
  abstract disconnected(): Promise<string>;
  abstract close(): void;

  protected keep(name: string, payload: unknown): void {
    this.received.push({ name, payload } as Received);
  }
}
