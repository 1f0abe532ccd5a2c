import { connectClient, MessengerError, register, type Client } from '@agent-messenger/sdk';
import { Answers } from './answer';
import { chooseAgent, chooseConversation } from './choose';
import { converse } from './converse';
import { ChatError, type ChatOptions } from './options';
import { Terminal, type TerminalStreams } from './terminal';

/** Runs the chat; rejects with what is to be shown as one line. Aborting `interrupt` leaves. */
export async function runChat(
  options: ChatOptions,
  streams: TerminalStreams,
  interrupt: AbortController,
): Promise<void> {
  const terminal = new Terminal(streams, () => interrupt.abort());
  try {
    const credentials = await askCredentials(options, terminal);
    if (options.register) await register({ url: options.url, ...credentials });
    const client = await connectClient({
      url: options.url,
      ...credentials,
      connectTimeoutMs: options.timeoutMs,
    });
    try {
      await talk(client, options, terminal, streams, interrupt);
    } finally {
      await client.close();
    }
  } catch (error) {
    // After an interrupt everything fails; it was asked for. What ended it otherwise is the reason.
    if (interrupt.signal.reason instanceof MessengerError) throw plain(interrupt.signal.reason);
    if (!interrupt.signal.aborted || options.send !== undefined) throw plain(error);
  } finally {
    terminal.close();
  }
}

async function talk(
  client: Client,
  options: ChatOptions,
  terminal: Terminal,
  streams: TerminalStreams,
  interrupt: AbortController,
): Promise<void> {
  const { send, timeoutMs } = options;
  const { signal } = interrupt;
  client.on('ended', (error) => interrupt.abort(error));
  const agent = await chooseAgent(client, options.agent, send === undefined ? terminal : null);
  const conversation = await chooseConversation(client, agent);
  if (send === undefined) {
    await converse({ client, agent, conversation, terminal, timeoutMs, signal });
    signal.throwIfAborted();
    return;
  }
  const answers = new Answers(client, conversation.id, agent);
  const { message } = await withDeadline(conversation.send(send), timeoutMs, signal);
  streams.output.write(`${await answers.after(message.seq, timeoutMs, signal)}\n`);
}

async function askCredentials(
  options: ChatOptions,
  terminal: Terminal,
): Promise<{ username: string; password: string }> {
  // With --send stdout belongs to the answer.
  const mayAsk = options.send === undefined && terminal.interactive;
  const username = options.user ?? (mayAsk ? await terminal.ask('User: ') : null);
  if (!username) throw new ChatError('--user is needed');
  const password =
    options.password ?? (mayAsk ? await terminal.ask('Password: ', { hidden: true }) : null);
  if (!password) throw new ChatError('--password or AGENT_MESSENGER_PASSWORD is needed');
  return { username, password };
}

function withDeadline<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ChatError(`the message was not accepted within ${timeoutMs / 1_000} s`)),
      timeoutMs,
    );
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function plain(error: unknown): unknown {
  if (!(error instanceof MessengerError)) return error;
  switch (error.code) {
    case 'unauthorized':
      return new ChatError('wrong username or password');
    case 'replaced':
      return new ChatError('this user connected elsewhere, which ended this connection');
    default:
      return new ChatError(`${error.message} (${error.code})`);
  }
}
