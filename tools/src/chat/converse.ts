import type { AgentProfile, Client, ClientConversation, Message } from '@agent-messenger/sdk';
import type { Answers } from './answers';
import { orAbort } from './or-abort';
import type { Terminal } from './terminal';

/** Messages that are shown at the beginning. */
export const HISTORY = 20;
const HELP = 'Type a message and press Enter. /help shows this, /quit leaves.';

export interface Converse {
  client: Client;
  agent: AgentProfile;
  conversation: ClientConversation;
  history: { messages: readonly Message[]; lastSeq: number };
  answers: Answers;
  terminal: Terminal;
  /** How long each line of piped input waits for its answer. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Talks until the input ends, `/quit`, or the signal. */
export async function converse(options: Converse): Promise<void> {
  const { conversation, answers, terminal, timeoutMs, signal } = options;
  showHistory(options);
  showNews(options);
  if (terminal.interactive) terminal.print(HELP);
  for (;;) {
    const line = await terminal.prompt();
    if (line === null) return;
    const text = line.trim();
    if (text === '/quit') return;
    if (text === '/help') terminal.print(HELP);
    else if (text.startsWith('/')) terminal.print(`Unknown command. ${HELP}`);
    else if (text === '') continue;
    // Whoever pipes questions in wants each answered; a person sees what comes and goes on typing.
    else if (!terminal.interactive) await answers.ask(text, timeoutMs, signal);
    else {
      try {
        await orAbort(conversation.send(text), signal);
      } catch (error) {
        if (signal.aborted) return terminal.print(`* perhaps not sent: ${text}`);
        terminal.print(`* not sent: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

function line(message: Message, { agent }: Converse): string {
  const who = message.sender.id === agent.id ? agent.name : 'you';
  return `${who}: ${message.content ?? '(deleted)'}`;
}

function showHistory(options: Converse): void {
  const { client, conversation, terminal } = options;
  const { messages, lastSeq } = options.history;
  for (const message of messages) terminal.print(line(message, options));
  const last = messages.at(-1);
  if (last) markRead(options, last);
  client.on('message', (message) => {
    const here = message.conversation_id === conversation.id && message.seq > lastSeq;
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

function showNews({ client, agent, conversation, terminal, signal }: Converse): void {
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
    if (!signal.aborted) terminal.print(`* no presence: ${String(error)}`);
  });
}
