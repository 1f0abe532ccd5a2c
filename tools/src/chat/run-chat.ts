import { connectClient, MessengerError, register, type Client } from '@agent-messenger/sdk';
import { Answers } from './answers';
import { chooseAgent, chooseConversation } from './choose';
import { converse, HISTORY, stopAnswers } from './converse';
import { ChatError, type ChatOptions } from './options';
import { orAbort } from './or-abort';
import { plainError } from './plain-error';
import { printable } from './printable';
import { Questions } from './questions';
import { Terminal, type TerminalStreams } from './terminal';

/** How long an interrupt waits for acks that are on their way. */
const LEAVE_MS = 1_000;

/** Runs the chat; rejects with what is to be shown as one line. Aborting `interrupt` leaves, whatever is going on. */
export async function runChat(
  options: ChatOptions,
  streams: TerminalStreams,
  interrupt: AbortController,
): Promise<void> {
  const { signal } = interrupt;
  const terminal = new Terminal(streams, () => interrupt.abort());
  signal.addEventListener('abort', () => terminal.close());
  try {
    const client = await logIn(options, terminal, signal);
    try {
      await talk(client, options, terminal, streams, interrupt);
    } catch (error) {
      throw plainError(error, 'chat');
    } finally {
      await client.close(signal.aborted ? { deadlineMs: LEAVE_MS } : {});
    }
  } catch (error) {
    // After an interrupt everything fails; it was asked for. What ended it otherwise is the reason.
    if (signal.reason instanceof MessengerError) throw plainError(signal.reason, 'chat');
    if (!signal.aborted) throw error;
    if (options.send !== undefined) throw new ChatError('interrupted');
  } finally {
    terminal.close();
  }
}

async function logIn(
  options: ChatOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Client> {
  const { url, timeoutMs } = options;
  const credentials = await askCredentials(options, terminal);
  signal.throwIfAborted();
  const connecting = (async () => {
    if (options.register) await register({ url, ...credentials });
    return connectClient({ url, ...credentials, connectTimeoutMs: timeoutMs });
  })();
  try {
    return await orAbort(connecting, signal);
  } catch (error) {
    connecting.then(
      (client) => client.close({ deadlineMs: 0 }),
      () => undefined,
    );
    throw plainError(error, 'login');
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
  const asked = send === undefined ? terminal : null;
  const agent = await orAbort(chooseAgent(client, options.agent, asked), signal);
  const conversation = await orAbort(chooseConversation(client, agent), signal);
  const { messages, last_seq } = await orAbort(conversation.history({ limit: HISTORY }), signal);
  const answers = new Answers(client, conversation, agent);
  answers.learn(messages);
  if (send === undefined) {
    const history = { messages, lastSeq: last_seq };
    const questions = new Questions();
    const about = { client, agent, conversation, history, answers, questions };
    const talking = { ...about, terminal, timeoutMs, signal };
    terminal.onStop(() => stopAnswers(talking));
    await converse(talking);
    signal.throwIfAborted();
    return;
  }
  const answer = await answers.ask(send, timeoutMs, signal);
  const { content, state, error } = answer;
  // A script gets the answer as it is.
  if (content) streams.output.write(`${streams.output.isTTY ? printable(content) : content}\n`);
  if (state === 'failed') throw new ChatError(`${agent.name} failed: ${error}`);
  if (state === 'interrupted') throw new ChatError(`${agent.name} was interrupted`);
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
