import { parseOptions, wholeNumber } from '../../command-line';

export interface WebBenchOptions {
  /** Thousands of messages of the conversation that is scrolled. */
  thousands: number;
  conversations: number;
  /** Of the streamed answer. */
  words: number;
  /** Messages sent one after the other. */
  sends: number;
  /** Length of each scrolling. */
  seconds: number;
  /** Messages of the hour that is fast-forwarded. */
  hour: number;
  json: boolean;
  help: boolean;
}

export const webHelp = `npm run bench -- web [options]

The chat in a real Chromium without a window, over a stack that the bench starts: what its first load weighs and how long it
takes on a slow phone (1.4 Mbit/s, 560 ms for each request, a processor four times as slow), from the Enter key to the own
bubble on the screen, frames per second while an answer is written and while lists are scrolled, and memory.

  --thousands N      thousands of messages in the conversation that is scrolled (default 100)
  --conversations N  conversations of a person (default 10000)
  --words N          words of the answer, 100 a second (default 3000)
  --sends N          messages sent by the Enter key (default 50)
  --seconds N        length of each scrolling (default 10)
  --hour N           messages of the hour that is fast-forwarded (default 3600)
  --json             one JSON object on stdout instead of the table
  --help             this text

Exit code: 0, 1 when an aim in bytes or memory is missed, 2 for a wrong option. Times and frames depend on the machine:
the table says which of their aims are missed.
`;

/** @throws UsageError */
export function webBenchOptions(args: string[]): WebBenchOptions {
  const values = parseOptions(args, {
    thousands: { type: 'string' },
    conversations: { type: 'string' },
    words: { type: 'string' },
    sends: { type: 'string' },
    seconds: { type: 'string' },
    hour: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  return {
    thousands: wholeNumber('--thousands', values.thousands ?? '100', 10_000),
    conversations: wholeNumber('--conversations', values.conversations ?? '10000', 100_000),
    words: wholeNumber('--words', values.words ?? '3000', 10_000),
    sends: wholeNumber('--sends', values.sends ?? '50', 10_000),
    seconds: wholeNumber('--seconds', values.seconds ?? '10', 600),
    hour: wholeNumber('--hour', values.hour ?? '3600', 100_000),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}
