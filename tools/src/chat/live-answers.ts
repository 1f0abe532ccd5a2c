import type { Message, StreamView } from '@agent-messenger/sdk';
import { printable } from './printable';
import { takeRow } from './take-row';

/** Where answers are shown: rows that stay, and the one that is still being written. */
export interface Screen {
  readonly columns: number;
  print(text: string): void;
  /** Replaces what stands above the prompt until it is complete; '' takes it away. */
  showOpenRow(row: string): void;
}

interface Answer {
  stream: StreamView;
  /** How much of it, with the name before it, is on the screen for good; UTF-16 units. */
  printed: number;
}

/**
 * Answers while they are written: complete rows stay, the rest stands above the prompt. One at a time: an answer that
 * began later is shown when those before it are there.
 */
export class LiveAnswers {
  readonly #open = new Map<string, Answer>();

  constructor(
    private readonly screen: Screen,
    private readonly name: string,
  ) {}

  take(stream: StreamView): void {
    const known = this.#open.get(stream.stream_id);
    const answer = known ?? { stream, printed: 0 };
    if (!this.#textOf(stream.text).startsWith(this.#printedOf(answer))) {
      this.screen.print(`* ${this.name} begins anew`);
      answer.printed = 0;
    }
    answer.stream = stream;
    this.#open.set(stream.stream_id, answer);
    this.#show();
    // Its message comes right after, if there is one.
    if (stream.status === 'over') queueMicrotask(() => this.#vanish(answer));
  }

  /** The message of a stream has come. True: with that all of it is on the screen, and nothing is left to print. */
  complete({ client_id, content }: Message): boolean {
    const answer = this.#open.get(client_id);
    if (!answer) return false;
    this.#close(answer);
    const { printed } = answer;
    const text = this.#textOf(content ?? '');
    // It may say something else than what was written.
    if (printed === 0 || !text.startsWith(this.#printedOf(answer))) return false;
    if (text.length > printed) this.screen.print(text.slice(printed));
    return true;
  }

  #vanish(answer: Answer): void {
    if (this.#open.get(answer.stream.stream_id) !== answer) return;
    this.#close(answer);
    if (answer.printed > 0) this.screen.print(`* what ${this.name} was writing is gone`);
  }

  #close({ stream }: Answer): void {
    this.#open.delete(stream.stream_id);
    this.screen.showOpenRow('');
    // After whatever is printed in its place.
    queueMicrotask(() => this.#show());
  }

  #show(): void {
    const [answer] = this.#open.values();
    if (!answer) return;
    const text = this.#textOf(answer.stream.text);
    for (;;) {
      const rest = text.slice(answer.printed);
      const end = takeRow(rest, this.screen.columns);
      if (end === null) return this.screen.showOpenRow(rest);
      this.screen.print(rest.slice(0, end).replace(/\r?\n$/, ''));
      answer.printed += end;
    }
  }

  #textOf(text: string): string {
    return `${this.name}: ${printable(text)}`;
  }

  #printedOf({ stream, printed }: Answer): string {
    return this.#textOf(stream.text).slice(0, printed);
  }
}
