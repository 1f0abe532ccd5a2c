import type { AgentProfile, Client, ClientConversation, Message } from '@agent-messenger/sdk';
import { Answers } from './answer';
import type { Terminal } from './terminal';

const HISTORY = 20;
const HELP = 'Type a message and press Enter. /help shows this, /quit leaves.';

export interface Converse {
  client: Client;
  agent: AgentProfile;
  conversation: ClientConversation;
  terminal: Terminal;
  /** How long the end of piped input waits for the last answer. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Talks until the input ends, `/quit`, or the signal. */
export async function converse(options: Converse): Promise<void> {
  const { client, agent, conversation, terminal, timeoutMs, signal } = options;
  const answers = new Answers(client, conversation.id, agent);
  await showHistory(options);
  showNews(options);
  if (terminal.interactive) terminal.print(HELP);
  let lastSeq = 0;
  signal.addEventListener('abort', () => terminal.close());
  for (;;) {
    const line = await terminal.prompt();
    if (line === null || signal.aborted) break;
    const text = line.trim();
    if (text === '/quit') return;
    if (text === '/help') terminal.print(HELP);
    else if (text.startsWith('/')) terminal.print(`Unknown command. ${HELP}`);
    else if (text !== '') {
      try {
        lastSeq = (await conversation.send(text)).message.seq;
      } catch (error) {
        if (signal.aborted) break;
        terminal.print(`* not sent: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  // Whoever pipes a question in wants the answer out; on a terminal Ctrl-D just leaves.
  if (!terminal.interactive && lastSeq > 0 && !signal.aborted) {
    await answers.after(lastSeq, timeoutMs, signal);
  }
}

function line(message: Message, { agent }: Converse): string {
  const who = message.sender.id === agent.id ? agent.name : 'you';
  return `${who}: ${message.content ?? '(deleted)'}`;
}

async function showHistory(options: Converse): Promise<void> {
  const { client, conversation, terminal } = options;
  const { messages, last_seq } = await conversation.history({ limit: HISTORY });
  for (const message of messages) terminal.print(line(message, options));
  const last = messages.at(-1);
  if (last) markRead(options, last);
  client.on('message', (message) => {
    const here = message.conversation_id === conversation.id && message.seq > last_seq;
    if (!here || message.sender.id === client.identity.id) return;
    terminal.print(line(message, options));
    markRead(options, message);
  });
}

function markRead({ conversation, terminal, signal }: Converse, message: Message): void {
  conversation.read(message.seq).catch((error: unknown) => {
    // The next message marks this one as well.
    if (!signal.aborted) terminal.print(`* not marked as read: ${String(error)}`);
  });
}

function showNews({ client, agent, conversation, terminal }: Converse): void {
  terminal.print(`* ${agent.name} is ${agent.status}`);
  let status = agent.status;
  client.on('presence', (presence) => {
    if (presence.identity_id !== agent.id || presence.status === status) return;
    status = presence.status;
    terminal.print(`* ${agent.name} is ${status}`);
  });
  client.on('typing', ({ conversation_id, identity_id, typing }) => {
    const here = conversation_id === conversation.id && identity_id === agent.id;
    if (here && typing) terminal.print(`* ${agent.name} is typing…`);
  });
  client.on('disconnected', (_, reconnecting) => {
    if (reconnecting) terminal.print('* connection lost, reconnecting…');
  });
  client.on('connected', () => terminal.print('* connected again'));
  client.watchPresence([agent.id]).catch((error: unknown) => {
    terminal.print(`* no presence: ${String(error)}`);
  });
}
