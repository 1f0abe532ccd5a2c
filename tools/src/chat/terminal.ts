import {
  clearScreenDown,
  createInterface,
  cursorTo,
  moveCursor,
  type Interface,
} from 'node:readline';
import { Writable } from 'node:stream';
import { cellsOf } from './cells';
import { printable } from './printable';

/** Lines of piped input that are read ahead. */
const MAX_LINES = 1_000;
const DEFAULT_COLUMNS = 80;

export interface TerminalStreams {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

interface Key {
  name?: string;
  ctrl?: boolean;
}

/** Lines in, lines out; on a terminal what is printed does not tear apart what is being typed. */
export class Terminal {
  readonly interactive: boolean;
  readonly #readline: Interface;
  readonly #output: TerminalStreams['output'];
  readonly #lines: string[] = [];
  /** What passes, between what was printed and the prompt. */
  readonly #passing = { activity: '', openRow: '' };
  /** Rows of it that are on the screen. */
  #passingRows = 0;
  #waiting: ((line: string | null) => void) | null = null;
  #ended = false;
  #prompting = false;
  #muted = false;
  #stop: () => void = () => undefined;

  constructor({ input, output }: TerminalStreams, onInterrupt: () => void) {
    this.#output = output;
    this.interactive = input.isTTY === true && output.isTTY === true;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#muted) output.write(chunk);
        done();
      },
    });
    // So that readline knows in which row of a long line the cursor is.
    Object.defineProperty(echo, 'columns', { get: () => this.#width });
    this.#readline = createInterface({ input, output: echo, terminal: this.interactive });
    this.#readline.on('line', (line) => this.#arrived(line));
    this.#readline.on('close', () => this.#arrived(null));
    // On a terminal in raw mode Ctrl-C is a key, not a signal.
    this.#readline.on('SIGINT', onInterrupt);
    if (this.interactive) input.on('keypress', (_text, key: Key) => this.#pressed(key));
  }

  /** Cells in a row that text may fill. */
  get columns(): number {
    return this.#width;
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
    this.#draw(`${printable(text)}\n`);
  }

  /** What somebody is doing, for as long as they do it; '': nothing. */
  showActivity(text: string): void {
    this.#pass({ activity: text });
  }

  /** A row that is still being written; '': none. It has to fit into `columns`. */
  showOpenRow(row: string): void {
    this.#pass({ openRow: row });
  }

  /** Esc or Ctrl-X. */
  onStop(listener: () => void): void {
    this.#stop = listener;
  }

  close(): void {
    this.#readline.close();
  }

  get #width(): number {
    return this.#output.columns || DEFAULT_COLUMNS;
  }

  get #isTyping(): boolean {
    return this.interactive && this.#prompting && !this.#ended;
  }

  #pass(change: Partial<{ activity: string; openRow: string }>): void {
    if (!this.interactive) return;
    Object.assign(this.#passing, change);
    if (this.#isTyping) this.#draw('');
  }

  /** Prints in the place of what passes and of the prompt, and draws those anew below. */
  #draw(text: string): void {
    if (!this.#isTyping) return void this.#output.write(text);
    const { line, cursor } = this.#entry();
    this.#eraseFrom(cursor.rows + this.#passingRows);
    // A space makes a terminal that has filled a row go on in the next one.
    const width = cellsOf(line);
    const end = width % this.#width === 0 ? ' ' : '';
    this.#output.write(`${text}${this.#takePassing()}${line}${end}`);
    // The cursor stands where readline believes it to be.
    moveCursor(this.#output, 0, cursor.rows - Math.floor(width / this.#width));
    cursorTo(this.#output, cursor.cols);
  }

  /** The question and what has been typed, and where in it the cursor is. */
  #entry(): { line: string; cursor: { rows: number; cols: number } } {
    const question = this.#readline.getPrompt();
    if (this.#muted) return { line: question, cursor: { rows: 0, cols: cellsOf(question) } };
    return { line: `${question}${this.#readline.line}`, cursor: this.#readline.getCursorPos() };
  }

  /** What passes, in rows; they count as drawn. */
  #takePassing(): string {
    const { activity, openRow } = this.#passing;
    const rows = [openRow, activity].filter((row) => row !== '').map((row) => printable(row));
    this.#passingRows = rows.length;
    return rows.map((row) => `${row}\n`).join('');
  }

  #eraseFrom(rowsUp: number): void {
    moveCursor(this.#output, 0, -rowsUp);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  /** The question is readline's prompt: whatever key redraws the line draws it too. */
  async #read(question: string, hidden: boolean): Promise<string | null> {
    this.#readline.setPrompt(question);
    const isWaiting = this.interactive || this.#lines.length === 0;
    if (isWaiting && !this.#ended) {
      if (this.interactive) this.#output.write(this.#takePassing());
      this.#readline.prompt();
    }
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
    if (line !== null) this.#settle(line);
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

  /** Moves a line that was entered up over what passes, which would stay above it for ever. */
  #settle(line: string): void {
    if (this.#passingRows === 0 || !this.#isTyping || this.#muted) return;
    const entered = `${this.#readline.getPrompt()}${line}`;
    const rows = Math.floor(cellsOf(entered) / this.#width) + 1;
    this.#eraseFrom(rows + this.#passingRows);
    this.#passingRows = 0;
    this.#output.write(`${entered}\n`);
  }

  #pressed({ name, ctrl }: Key): void {
    if (name === 'escape' || (ctrl && name === 'x')) this.#stop();
  }
}
