import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { printable } from './printable';

/** Lines of piped input that are read ahead. */
const MAX_LINES = 1_000;

export interface TerminalStreams {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Lines in, lines out; on a terminal what is printed does not tear apart what is being typed. */
export class Terminal {
  readonly interactive: boolean;
  readonly #readline: Interface;
  readonly #output: TerminalStreams['output'];
  readonly #lines: string[] = [];
  #waiting: ((line: string | null) => void) | null = null;
  #ended = false;
  #prompting = false;
  #muted = false;

  constructor({ input, output }: TerminalStreams, onInterrupt: () => void) {
    this.#output = output;
    this.interactive = input.isTTY === true && output.isTTY === true;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#muted) output.write(chunk);
        done();
      },
    });
    this.#readline = createInterface({ input, output: echo, terminal: this.interactive });
    this.#readline.on('line', (line) => this.#arrived(line));
    this.#readline.on('close', () => this.#arrived(null));
    // On a terminal in raw mode Ctrl-C is a key, not a signal.
    this.#readline.on('SIGINT', onInterrupt);
  }

  /** The line that answers the question; null at the end of the input. */
  ask(question: string, { hidden = false } = {}): Promise<string | null> {
    return this.#read(question, hidden && this.interactive);
  }

  /** The next line; null at the end of the input. */
  prompt(): Promise<string | null> {
    return this.#read(this.interactive ? '> ' : '', false);
  }

  print(text: string): void {
    const typing = this.interactive && this.#prompting && !this.#ended;
    if (typing) {
      cursorTo(this.#output, 0);
      clearLine(this.#output, 0);
    }
    this.#output.write(`${printable(text)}\n`);
    if (typing) this.#readline.prompt(true);
  }

  close(): void {
    this.#readline.close();
  }

  /** The question is readline's prompt: whatever key redraws the line draws it too. */
  async #read(question: string, hidden: boolean): Promise<string | null> {
    this.#readline.setPrompt(question);
    const isWaiting = this.interactive || this.#lines.length === 0;
    if (isWaiting && !this.#ended) this.#readline.prompt();
    this.#muted = hidden;
    this.#prompting = true;
    const line = await this.#next();
    this.#prompting = false;
    if (this.#muted) this.#output.write('\n');
    this.#muted = false;
    return line;
  }

  #next(): Promise<string | null> {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  #arrived(line: string | null): void {
    if (line === null) this.#ended = true;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting(line);
    else if (line !== null) this.#lines.push(line);
    // The next prompt that finds no line goes on.
    if (this.#lines.length >= MAX_LINES && !this.interactive && !this.#ended) {
      this.#readline.pause();
    }
  }
}
