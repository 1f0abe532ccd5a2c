import { waitFor } from '@agent-messenger/testkit';
import { Terminal } from '@xterm/headless';
import { PassThrough } from 'node:stream';
import { parseChatOptions } from '../src/chat/options';
import { runChat } from '../src/chat/run-chat';

const COLUMNS = 60;

export interface ChatScreen {
  input: PassThrough;
  /** Resolves when the chat has ended. */
  ended: Promise<void>;
  /** What a person sees, row by row. */
  rows(): string[];
  /** Waits until a row is this one. */
  shows(row: string): Promise<void>;
  /** Waits until these are the last rows: what is drawn at once may come to the screen in pieces. */
  endsWith(...last: string[]): Promise<void>;
}

/** The chat on the screen of a terminal. */
export function openChat(args: string[]): ChatScreen {
  const screen = new Terminal({
    cols: COLUMNS,
    rows: 40,
    allowProposedApi: true,
    convertEol: true,
  });
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: COLUMNS });
  output.on('data', (chunk: Buffer) => screen.write(chunk));
  const ended = runChat(parseChatOptions(args, {}), { input, output }, new AbortController());
  // Judged by the test when it is interested.
  ended.catch(() => undefined);
  const rows = () => {
    const { active } = screen.buffer;
    return Array.from({ length: active.length }, (_, n) => active.getLine(n))
      .map((line) => line?.translateToString(true) ?? '')
      .join('\n')
      .trimEnd()
      .split('\n');
  };
  return {
    input,
    ended,
    rows,
    async shows(row) {
      await waitFor(() => rows().includes(row), {
        describe: `the row "${row}"; there is:\n${rows().join('\n')}`,
      });
    },
    async endsWith(...last) {
      await waitFor(() => {
        expect(rows().slice(-last.length)).toEqual(last);
        return true;
      });
    },
  };
}
