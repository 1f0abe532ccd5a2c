import { parseOptions, wholeNumber } from '../../command-line';

export interface StreamsBenchOptions {
  streams: number;
  /** Tokens a second of each stream. */
  rate: number;
  seconds: number;
  /** Of a round of each system before those that count. */
  warmUp: number;
  gateways: number;
  rounds: number;
  baseline: boolean;
  json: boolean;
  help: boolean;
  /** Folder for CPU profiles of messages and the gateways. */
  cpuProf?: string;
}

export const streamsHelp = `npm run bench -- streams [options]

Agents write answers token by token, as many at once as there are streams, each to a person at another gateway. Latency
counts from when a token is there to when the person's connection has it; one of the people reads slowly and counts only
in whether the whole text arrives. Compared in the same run with plain Socket.IO processes that emit each token through
the sharded Redis adapter. Then answers of 1,500 words are written, for what one costs the store.

  --streams N      streams at once (default 50)
  --rate N         tokens a second of each (default 50)
  --seconds N      length of each measurement, after 2 s that do not count (default 10)
  --warm-up N      length of a first round of each that does not count, in seconds (default 60)
  --gateways N     number of gateways (default 2)
  --rounds N       alternating runs of both (default 3)
  --no-baseline    measures ours alone
  --cpu-prof DIR   writes CPU profiles of messages and the gateways to DIR
  --json           one JSON object on stdout instead of the table
  --help           this text

Exit code: 0, 1 when a text was not whole or a token came twice or out of order, 2 for a wrong option.
`;

/** @throws UsageError */
export function streamsBenchOptions(args: string[]): StreamsBenchOptions {
  const values = parseOptions(args, {
    streams: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    'warm-up': { type: 'string' },
    gateways: { type: 'string' },
    rounds: { type: 'string' },
    'no-baseline': { type: 'boolean' },
    'cpu-prof': { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  return {
    streams: wholeNumber('--streams', values.streams ?? '50', 1_000),
    rate: wholeNumber('--rate', values.rate ?? '50', 1_000),
    seconds: wholeNumber('--seconds', values.seconds ?? '10', 60),
    warmUp: wholeNumber('--warm-up', values['warm-up'] ?? '60', 600),
    gateways: wholeNumber('--gateways', values.gateways ?? '2', 16),
    rounds: wholeNumber('--rounds', values.rounds ?? '3', 20),
    baseline: !(values['no-baseline'] ?? false),
    json: values.json ?? false,
    help: values.help ?? false,
    ...(values['cpu-prof'] === undefined ? {} : { cpuProf: values['cpu-prof'] }),
  };
}
