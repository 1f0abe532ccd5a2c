import type { Message, StreamView, Unsent } from '@agent-messenger/sdk/browser';
import { dayOf } from '../../i18n/format';

/** Messages of one sender within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

/** Of a wide page; what is wrong with it is put right when the row is seen. */
const CHARS_IN_LINE = 90;
const LINE_PX = 22;
const ROW_PX = 8;

interface RowPlace {
  key: string;
  /** The first of its day. */
  startsDay: boolean;
  /** The first of those that stand together. */
  startsGroup: boolean;
}
export type Row = RowPlace &
  (
    | { kind: 'message'; message: Message }
    | { kind: 'unsent'; unsent: Unsent }
    | { kind: 'stream'; stream: StreamView }
  );

/** Who said it, and when. */
interface Said {
  by: string;
  at: string;
}

export interface RowsInput {
  messages: readonly Message[];
  unsent: readonly Unsent[];
  streams: readonly StreamView[];
  /** There are messages before these. */
  hasOlder: boolean;
  /** And after them: then nothing that is not sent yet follows. */
  hasNewer: boolean;
  selfId: string;
}

/** Whether two rows show the same. */
export function areSameRow(one: Row, other: Row): boolean {
  return (
    one.kind === other.kind &&
    Object.entries(one).every(([name, value]) => other[name as keyof Row] === value)
  );
}

/** How many rows there are and what each of them is, worked out for those that are seen. */
export class Rows {
  /** Its `client_id`, also when there is no row for it. */
  readonly lastUnsent: string | undefined;
  readonly #unsent: readonly Unsent[];
  readonly #streams: readonly StreamView[];
  /** Rows of sent messages. The oldest waits for what is before it: its row would change its height. */
  readonly #messages: readonly Message[];

  constructor(private readonly input: RowsInput) {
    this.#messages = input.hasOlder ? input.messages.slice(1) : input.messages;
    const last = new Set(input.messages.slice(-100).map(keyOf));
    // Acked a moment ago, and still in the store of the unsent.
    const unsent = input.unsent.filter(
      ({ client_id }) => !last.has(`${input.selfId} ${client_id}`),
    );
    this.lastUnsent = unsent.at(-1)?.client_id;
    this.#unsent = input.hasNewer ? [] : unsent;
    // The message of one that has ended is here before its end is told of.
    this.#streams = input.hasNewer
      ? []
      : input.streams.filter(({ agent_id, stream_id }) => !last.has(`${agent_id} ${stream_id}`));
  }

  get length(): number {
    return this.#messages.length + this.#unsent.length + this.#streams.length;
  }

  /** Of the message at a row, or the last one before it. */
  seq(index: number): number {
    return (this.#messages[index] ?? this.#messages.at(-1))?.seq ?? 0;
  }

  /** The same for an unsent message or a stream and the message that it becomes: its place does not flicker. */
  key(index: number): string {
    const messages = this.#messages;
    const { selfId } = this.input;
    const message = messages[index];
    if (message) return keyOf(message);
    const unsent = this.#unsent[index - messages.length];
    if (unsent) return `${selfId} ${unsent.client_id}`;
    const stream = this.#streamAt(index);
    return stream ? `${stream.agent_id} ${stream.stream_id}` : String(index);
  }

  /** Before it was seen, px. */
  estimate(index: number): number {
    const content = this.#messages[index]?.content ?? '';
    let lines = 0;
    for (const line of content.slice(0, 20_000).split('\n')) {
      lines += Math.ceil((line.length + 1) / CHARS_IN_LINE);
    }
    return ROW_PX + LINE_PX * Math.max(lines, 1);
  }

  at(index: number): Row | undefined {
    const said = this.#said(index);
    if (!said) return undefined;
    const before = this.#said(index - 1);
    const startsDay = !before || dayOf(before.at) !== dayOf(said.at);
    const startsGroup = startsDay || !areTogether(before, said);
    const place = { key: this.key(index), startsDay, startsGroup };
    const message = this.#messages[index];
    if (message) return { kind: 'message', message, ...place };
    const unsent = this.#unsent[index - this.#messages.length];
    if (unsent) return { kind: 'unsent', unsent, ...place };
    const stream = this.#streamAt(index);
    return stream && { kind: 'stream', stream, ...place };
  }

  /** Of what will be a message soon: as if it were one by now, so that its row does not change its height then. */
  #said(index: number): Said | undefined {
    const { messages, hasOlder, selfId } = this.input;
    const message = index < 0 && hasOlder ? messages[0] : this.#messages[index];
    if (message) return { by: message.sender.id, at: message.created_at };
    const unsent = this.#unsent[index - this.#messages.length];
    if (unsent) return { by: selfId, at: unsent.written_at };
    const stream = this.#streamAt(index);
    return stream && { by: stream.agent_id, at: new Date().toISOString() };
  }

  #streamAt(index: number): StreamView | undefined {
    return this.#streams[index - this.#messages.length - this.#unsent.length];
  }

  /** Where what was not read begins, of what was there up to `lastSeq`; -1 when there is nothing. */
  firstUnread({ readSeq, lastSeq }: { readSeq: number; lastSeq: number }): number {
    const messages = this.#messages;
    const { selfId } = this.input;
    return messages.findIndex(
      ({ seq, sender }) => seq > readSeq && seq <= lastSeq && sender.id !== selfId,
    );
  }
}

function keyOf({ sender, client_id }: Message): string {
  return `${sender.id} ${client_id}`;
}

function areTogether(before: Said, said: Said): boolean {
  return before.by === said.by && Date.parse(said.at) - Date.parse(before.at) < TOGETHER_MS;
}
