import { connectAgent, MessengerError } from '@agent-messenger/sdk';
import type { Agent, IncomingMessage, ReplyHandle, Sent } from '@agent-messenger/sdk';
import { setTimeout as delay } from 'node:timers/promises';
import { BACKOFF } from '../backoff';
import { sdkTransport } from '../transports';
import { AgentLog, type AgentReport } from './agent-log';
import { answerTo } from './answers';
import { CONNECT_MS, type ChaosAgent, type ChaosAgentOptions } from './chaos-agent';

const WORDS = 20;
const WORD_EVERY_MS = 15;

/** On the TypeScript SDK; `responder.py` is its twin. */
export class Responder implements ChaosAgent {
  readonly log: AgentLog;

  private agent: Agent;
  private report: Report = () => undefined;

  private constructor(
    agent: Agent,
    private readonly options: ChaosAgentOptions,
  ) {
    const { recorder, identity, conversation } = options;
    this.log = new AgentLog(recorder, { conversation, identity });
    this.agent = this.listen(agent);
  }

  static async connect(options: ChaosAgentOptions): Promise<Responder> {
    return new Responder(await connect(options), options);
  }

  say(clientId: string, content: string): void {
    const sent = this.agent
      .conversation(this.options.conversation)
      .send(content, { client_id: clientId });
    const { report } = this;
    report({ type: 'send', client_id: clientId, by_itself: true });
    settle(report, clientId, sent).catch(() => {
      // Recorded.
    });
  }

  async watchPerson(): Promise<void> {
    const { person } = this.options;
    const { presence } = await this.agent.request('presence:watch', {
      identities: [person as `usr_${string}`],
    });
    for (const { identity_id, status } of presence) {
      this.report({ type: 'presence', identity_id, status });
    }
  }

  async restart(): Promise<void> {
    await this.agent.close({ deadlineMs: 0 });
    this.agent = this.listen(await connect(this.options));
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private listen(agent: Agent): Agent {
    const report = this.log.begin();
    this.report = report;
    report({ type: 'connected', connection_id: null });
    agent.on('connected', ({ connection_id }) => report({ type: 'connected', connection_id }));
    agent.on('disconnected', ({ message: reason }) => report({ type: 'disconnected', reason }));
    agent.on('presence', ({ identity_id, status }) =>
      report({ type: 'presence', identity_id, status }),
    );
    agent.on('event', (event) => {
      const client_id = event.type === 'message.created' ? event.message.client_id : null;
      report({ type: 'receive', seq: event.seq, client_id });
    });
    agent.onMessage((message, conversation) => answer(message, conversation, report));
    return agent;
  }
}

type Report = (report: AgentReport) => void;

async function answer(
  message: IncomingMessage,
  conversation: ReplyHandle,
  report: Report,
): Promise<unknown> {
  const client_id = answerTo(message.client_id);
  const [what] = message.content.split(' ');
  if (what === 'stream') {
    const stream = conversation.stream();
    report({ type: 'send', client_id: stream.id, by_itself: false });
    // The same text whenever it is asked: a run that is repeated writes nothing else.
    for (let word = 1; word <= WORDS; word += 1) {
      stream.append(`${message.client_id} ${word} 🧾 `);
      await delay(WORD_EVERY_MS);
    }
    return settle(report, stream.id, stream.end({ metadata: { answers: client_id } }));
  }
  if (what === 'ask') {
    const question = `${message.client_id}:ask`;
    report({ type: 'ask', client_id: question });
    conversation.activity('using_tool', 'asking');
    const options = ['approve', 'deny'] as const;
    const action_id = await conversation.ask('Well?', options, { client_id: question });
    report({ type: 'answered', client_id: question, action_id });
    report({ type: 'send', client_id, by_itself: false });
    const said = conversation.send(`chosen: ${action_id}`, { client_id });
    return settle(report, client_id, said);
  }
  report({ type: 'send', client_id, by_itself: false });
  return settle(report, client_id, conversation.send(message.content, { client_id }));
}

async function settle(report: Report, client_id: string, sent: Promise<Sent>): Promise<void> {
  try {
    const { message } = await sent;
    report({ type: 'ack', client_id, seq: message.seq });
  } catch (error) {
    const code = error instanceof MessengerError ? error.code : String(error);
    report({ type: 'refused', client_id, code });
    throw error;
  }
}

function connect({ urls, transport, apiKey }: ChaosAgentOptions): Promise<Agent> {
  return connectAgent({
    ...sdkTransport(transport),
    url: urls,
    apiKey,
    backoff: BACKOFF,
    connectTimeoutMs: CONNECT_MS,
  });
}
