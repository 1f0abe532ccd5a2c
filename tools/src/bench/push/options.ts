import { PUSH_PLATFORMS, type PushPlatform } from '@agent-messenger/contracts';
import { parseOptions, UsageError, wholeNumber } from '../../command-line';

export interface PushBenchOptions {
  people: number;
  platform: PushPlatform;
  /** Folder for the CPU profiles of messages and the push worker. */
  cpuProf?: string | undefined;
  json: boolean;
  help: boolean;
}

export const pushHelp = `npm run bench -- push [options]

An agent writes to people who are offline and have a phone each; a stand-in of Apple's, Google's or a browser's
server takes the notifications. Latency counts from the commit of the message to the stand-in; the grace of 2 s that
is given to people to receive it themselves is part of it. Measured is the fourth such burst of a stack that has just
started, a notification of each at once.

  --people N       people, each with a conversation (default 1000)
  --platform NAME  apns, fcm or webpush (default apns)
  --cpu-prof DIR   writes CPU profiles of messages and the push worker there
  --json           one JSON object on stdout instead of the table
  --help           this text

Exit code: 0, 1 when a notification was missing or came twice, 2 for a wrong option.
`;

/** @throws UsageError */
export function pushBenchOptions(args: string[]): PushBenchOptions {
  const values = parseOptions(args, {
    people: { type: 'string' },
    platform: { type: 'string' },
    'cpu-prof': { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const platform = PUSH_PLATFORMS.find((name) => name === (values.platform ?? 'apns'));
  if (!platform) throw new UsageError(`--platform takes one of ${PUSH_PLATFORMS.join(', ')}.`);
  return {
    people: wholeNumber('--people', values.people ?? '1000', 50_000),
    platform,
    cpuProf: values['cpu-prof'],
    json: values.json ?? false,
    help: values.help ?? false,
  };
}
