import type { Recorder, Transport } from '@agent-messenger/testkit';
import type { AgentLog } from './agent-log';

/** A start may come in the middle of any fault. */
export const CONNECT_MS = 120_000;

export interface ChaosAgentOptions {
  identity: string;
  apiKey: string;
  conversation: string;
  person: string;
  urls: readonly string[];
  transport: Transport;
  recorder: Recorder;
}

/**
 * An agent that does what each message of its person says by its first word: `send`s the text back, `stream`s it, or
 * `ask`s and says what was chosen.
 */
export interface ChaosAgent {
  readonly log: AgentLog;
  /** A message that answers none. */
  say(clientId: string, content: string): void;
  /** From now on it is told when its person comes and goes. */
  watchPerson(): Promise<void>;
  /** Ends without a word, and begins again: what it had not settled comes again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}
