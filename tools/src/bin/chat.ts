import { findStack } from '../find-stack';
import { parseChatOptions, USAGE } from '../chat/options';
import { printable } from '../chat/printable';
import { runChat } from '../chat/run-chat';

const interrupt = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    // It is leaving already, and that takes too long for whoever waits.
    if (interrupt.signal.aborted) process.exit(code);
    interrupt.abort();
  });
}

async function main(): Promise<void> {
  const { addresses } = findStack(undefined, process.env);
  const running = addresses?.gateways.join(',');
  const options = parseChatOptions(process.argv.slice(2), process.env, running);
  if (options.help) return console.log(USAGE);
  await runChat(options, { input: process.stdin, output: process.stdout }, interrupt);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`chat: ${printable(error instanceof Error ? error.message : String(error))}`);
    process.exit(1);
  },
);
