import type { Recorder, Transport } from '@agent-messenger/testkit';
import { connectClient, MessengerError, type Client, type Message } from '@agent-messenger/sdk';
import { setTimeout as delay } from 'node:timers/promises';
import { BACKOFF } from './backoff';
import { ChoiceLog } from './choice-log';
import type { Question } from './choices';
import { SendLog } from './send-log';
import { sdkTransport } from './transports';

export interface DeviceOptions {
  name: string;
  identity: string;
  credentials: { username: string; password: string };
  conversation: string;
  /** The one whose presence is watched. */
  agent: string;
  urls: readonly string[];
  transport: Transport;
  recorder: Recorder;
  /** Told of what others have written, and of what became of it. */
  onMessage: (message: Message) => void;
}

const HISTORY_PAGE = 200;

/** A person's device: keeps its copy of the conversation across logins, each of which is a new SDK client. */
export class Device {
  readonly sends: SendLog;
  private readonly choices: ChoiceLog;
  /** Up to here the copy is whole. */
  lastSeq = 0;
  /** What it was told about the agent last. */
  agentStatus = 'unknown';
  private logins = 0;
  private session: { name: string; client: Client } | undefined;

  constructor(private readonly options: DeviceOptions) {
    const { recorder, name, identity, conversation } = options;
    this.sends = new SendLog(recorder, { conversation, identity });
    this.choices = new ChoiceLog(recorder, { conversation, identity }, name);
    recorder.record({ type: 'device', device: name, identity, conversation });
  }

  get isConnected(): boolean {
    return this.session !== undefined;
  }

  get client(): Client {
    if (!this.session) throw new Error(`${this.options.name} is not logged in`);
    return this.session.client;
  }

  /** Takes over from any other device; resolves when the copy has what was in the history then. */
  async login(signal: AbortSignal): Promise<void> {
    const { name, identity, credentials, urls, transport, recorder, agent } = this.options;
    this.logins += 1;
    const session = `${name}/${this.logins}`;
    const client = await repeat(signal, () =>
      connectClient({
        ...credentials,
        ...sdkTransport(transport),
        url: urls,
        backoff: BACKOFF,
      }),
    );
    this.session = { name: session, client };
    recorder.record({ type: 'connected', identity, connection: session, connection_id: null });
    client.on('connected', ({ connection_id }) =>
      recorder.record({ type: 'connected', identity, connection: session, connection_id }),
    );
    client.on('disconnected', ({ message }) =>
      recorder.record({
        type: 'disconnected',
        identity,
        connection: session,
        reason: message,
      }),
    );
    client.on('ended', ({ code }) => {
      if (code === 'replaced') recorder.record({ type: 'replaced', identity, connection: session });
      if (this.session?.client === client) this.session = undefined;
    });
    client.on('presence', ({ identity_id, status }) => this.notePresence(identity_id, status));
    const [presence] = await repeat(signal, () => client.watchPresence([agent]));
    if (presence) this.notePresence(presence.identity_id, presence.status);
    await this.loadHistory(client, signal);
    this.listen(client, session);
  }

  /** Resolves with whether it was sent, which it is not while it is not logged in. */
  async send(clientId: string, content: string): Promise<boolean> {
    const { session } = this;
    if (!session) return false;
    const { conversation } = this.options;
    return this.sends.track(session.name, clientId, () =>
      session.client.conversation(conversation).send(content, { client_id: clientId }),
    );
  }

  /** Resolves with whether the question has its outcome; nothing is chosen while it is not logged in. */
  async choose({ message_id, client_id, action_id, rival }: Question): Promise<boolean> {
    const { session, choices } = this;
    if (!session) return false;
    const { client } = session;
    const { conversation } = this.options;
    const over = [
      choices.track({ client_id, action_id }, () =>
        client.conversation(conversation).choose(message_id, action_id),
      ),
    ];
    if (rival !== undefined) {
      const request = {
        params: { conversation_id: conversation, message_id },
        body: { action_id: rival },
      };
      const other = { client_id, action_id: rival };
      over.push(choices.track(other, () => client.rest.request('chooseAction', request)));
    }
    return (await Promise.all(over)).includes(true);
  }

  /** Waits for the acks of what was sent. */
  async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.client.close();
  }

  private notePresence(identity: string, status: string): void {
    const { recorder, agent } = this.options;
    if (identity !== agent) return;
    this.agentStatus = status;
    const watcher = this.options.identity;
    recorder.record({ type: 'presence', watcher, identity, status, source: 'event' });
  }

  private async loadHistory(client: Client, signal: AbortSignal): Promise<void> {
    const { name, conversation, recorder } = this.options;
    for (let more = true; more;) {
      const page = await repeat(signal, () =>
        client.conversation(conversation).history({ after_seq: this.lastSeq, limit: HISTORY_PAGE }),
      );
      for (const message of page.messages) {
        const { seq, client_id } = message;
        recorder.record({ type: 'load', conversation, device: name, seq, client_id });
        this.lastSeq = seq;
        this.take(message);
      }
      more = page.has_more;
      if (!more) this.lastSeq = Math.max(this.lastSeq, page.last_seq);
    }
  }

  private listen(client: Client, session: string): void {
    const { name, conversation, recorder } = this.options;
    client.on('event', (event) => {
      const message = event.type === 'message.created' ? event.message : null;
      const { seq } = event;
      const client_id = message?.client_id ?? null;
      recorder.record({ type: 'receive', conversation, device: name, session, seq, client_id });
      this.lastSeq = Math.max(this.lastSeq, seq);
      if (message) this.take(message);
      else if (event.type === 'action.chosen') this.take(event.message);
    });
    client.on('stream', ({ stream_id, text }) =>
      recorder.record({ type: 'stream', conversation, session, stream_id, text }),
    );
  }

  private take(message: Message): void {
    const { name, identity, conversation, recorder, onMessage } = this.options;
    const { client_id, choice, sender } = message;
    if (sender.id === identity) return;
    if (choice) {
      const { action_id } = choice;
      recorder.record({ type: 'choice', conversation, device: name, client_id, action_id });
    }
    onMessage(message);
  }
}

/** Until it succeeds or fails for good: what is asked for may come in the middle of a fault. */
async function repeat<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const isFinal =
        !(error instanceof MessengerError) ||
        ['replaced', 'closed', 'unauthorized', 'invalid_payload'].includes(error.code);
      if (isFinal) throw error;
      await delay(error.retryAfterMs ?? 200, undefined, { signal });
    }
  }
}
