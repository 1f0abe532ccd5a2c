import type { Recorder, Transport } from '@agent-messenger/testkit';
import { connectAgent, type Agent } from '@agent-messenger/sdk';
import { BACKOFF } from './backoff';
import { SendLog } from './send-log';
import { sdkTransport } from './transports';

export interface ResponderOptions {
  identity: string;
  apiKey: string;
  conversation: string;
  person: string;
  urls: readonly string[];
  transport: Transport;
  recorder: Recorder;
}

const ANSWER = ':re';

export function answerTo(clientId: string): string {
  return `${clientId}${ANSWER}`;
}

/** The message that was answered; undefined for what is no answer. */
export function answered(clientId: string): string | undefined {
  return clientId.endsWith(ANSWER) ? clientId.slice(0, -ANSWER.length) : undefined;
}

/** An agent that answers every message of its person. */
export class Responder {
  readonly sends: SendLog;
  lastSeq = 0;
  /** What it was told about its person last. */
  personStatus = 'unknown';

  private constructor(
    readonly agent: Agent,
    private readonly options: ResponderOptions,
  ) {
    const { recorder, identity, conversation } = options;
    this.sends = new SendLog(recorder, { conversation, identity });
    this.listen();
  }

  static async connect(options: ResponderOptions): Promise<Responder> {
    const { urls, transport, apiKey, recorder, identity, conversation } = options;
    recorder.record({ type: 'device', device: identity, identity, conversation });
    const agent = await connectAgent({
      ...sdkTransport(transport),
      url: urls,
      apiKey,
      backoff: BACKOFF,
    });
    return new Responder(agent, options);
  }

  get identity(): string {
    return this.options.identity;
  }

  /** A message that answers none. */
  say(clientId: string, content: string): void {
    const { identity, conversation } = this.options;
    this.sends.track(`${identity} by itself`, clientId, () =>
      this.agent.conversation(conversation).send(content, { client_id: clientId }),
    );
  }

  /** From now on it is told when its person comes and goes. */
  async watchPerson(): Promise<void> {
    const { person } = this.options;
    const { presence } = await this.agent.request('presence:watch', {
      identities: [person as `usr_${string}`],
    });
    for (const { identity_id, status } of presence) this.notePresence(identity_id, status);
  }

  private notePresence(identity: string, status: string): void {
    this.personStatus = status;
    const watcher = this.options.identity;
    this.options.recorder.record({ type: 'presence', watcher, identity, status, source: 'event' });
  }

  private listen(): void {
    const { agent, options } = this;
    const { recorder, identity, conversation } = options;
    const connection = `${identity}/1`;
    recorder.record({ type: 'connected', identity, connection, connection_id: null });
    agent.on('connected', ({ connection_id }) =>
      recorder.record({ type: 'connected', identity, connection, connection_id }),
    );
    agent.on('disconnected', ({ message: reason }) =>
      recorder.record({ type: 'disconnected', identity, connection, reason }),
    );
    agent.on('presence', ({ identity_id, status }) => this.notePresence(identity_id, status));
    agent.on('event', (event) => {
      const client_id = event.type === 'message.created' ? event.message.client_id : null;
      const { seq } = event;
      this.lastSeq = Math.max(this.lastSeq, seq);
      const session = connection;
      recorder.record({
        type: 'receive',
        conversation,
        device: identity,
        session,
        seq,
        client_id,
      });
    });
    agent.onMessage(async (message, reply) => {
      const client_id = answerTo(message.client_id);
      const sent = reply.send(message.content, { client_id });
      this.sends.track(connection, client_id, () => sent);
      await sent;
    });
  }
}
