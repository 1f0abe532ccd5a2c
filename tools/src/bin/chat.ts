import { parseChatOptions, USAGE } from '../chat/options';
import { runChat } from '../chat/run-chat';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());

async function main(): Promise<void> {
  const options = parseChatOptions(process.argv.slice(2), process.env);
  if (options.help) return console.log(USAGE);
  await runChat(options, { input: process.stdin, output: process.stdout }, interrupt);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(`chat: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
