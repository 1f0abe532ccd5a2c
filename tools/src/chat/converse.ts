import { MessengerError } from '@agent-messenger/sdk';
import type { AgentProfile, Client, ClientConversation, Message } from '@agent-messenger/sdk';
import type { Answers } from './answers';
import { orAbort } from './or-abort';
import type { Questions } from './questions';
import { showNews } from './show-news';
import type { Terminal } from './terminal';

/** Messages that are shown at the beginning. */
export const HISTORY = 20;
const HELP = [
  'Type a message and press Enter. /help shows this, /quit leaves.',
  'A number chooses of what was asked last. Esc or Ctrl-X stops an answer that is being written.',
].join('\n');

export interface Converse {
  client: Client;
  agent: AgentProfile;
  conversation: ClientConversation;
  history: { messages: readonly Message[]; lastSeq: number };
  answers: Answers;
  questions: Questions;
  terminal: Terminal;
  /** How long each line of piped input waits for its answer. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Talks until the input ends, `/quit`, or the signal. */
export async function converse(options: Converse): Promise<void> {
  const { questions, terminal } = options;
  showNews(options);
  if (terminal.interactive) terminal.print(HELP);
  for (;;) {
    const line = await terminal.prompt();
    if (line === null) return;
    const text = line.trim();
    const picked = questions.pick(text);
    if (text === '/quit') return;
    if (text === '/help') terminal.print(HELP);
    else if (text.startsWith('/')) terminal.print(`Unknown command. ${HELP}`);
    else if (text === '') continue;
    else if (picked) await choose(picked, options);
    else if (!(await say(text, options))) return;
  }
}

/** @returns false when the chat is over */
async function say(text: string, options: Converse): Promise<boolean> {
  const { conversation, answers, terminal, timeoutMs, signal } = options;
  // Whoever pipes questions in wants each answered; a person sees what comes and goes on typing.
  if (!terminal.interactive) {
    await answers.ask(text, timeoutMs, signal);
    return true;
  }
  try {
    await orAbort(conversation.send(text), signal);
  } catch (error) {
    terminal.print(
      signal.aborted ? `* perhaps not sent: ${text}` : `* not sent: ${reasonOf(error)}`,
    );
  }
  return !signal.aborted;
}

async function choose(
  { question, action }: NonNullable<ReturnType<Questions['pick']>>,
  { conversation, questions, terminal, signal }: Converse,
): Promise<void> {
  try {
    // Whoever chose first, the event tells what.
    await orAbort(conversation.choose(question.id, action.id), signal);
  } catch (error) {
    if (error instanceof MessengerError && error.code === 'conflict') questions.close(question);
    terminal.print(`* not chosen: ${reasonOf(error)}`);
  }
}

/** Asks the agent to end the answers that it is writing. */
export function stopAnswers({ client, conversation, terminal, signal }: Converse): void {
  const streams = client.streams(conversation.id);
  if (streams.length > 0) terminal.print('* stopping…');
  for (const stream of streams) {
    conversation.stop(stream).catch((error: unknown) => {
      if (!signal.aborted) terminal.print(`* not stopped: ${reasonOf(error)}`);
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
