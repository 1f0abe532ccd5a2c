import { AdminError } from '../admin/admin-error';
import { runAdmin } from '../admin/run-admin';
import { printable } from '../chat/printable';
import { Terminal } from '../chat/terminal';
import { UsageError } from '../command-line';

/** Typed on a terminal without echo, else the first line of stdin. */
async function askSecret(question: string): Promise<string> {
  // Stdout belongs to the answer.
  const terminal = new Terminal({ input: process.stdin, output: process.stderr }, () =>
    process.exit(130),
  );
  try {
    const secret = await terminal.ask(terminal.interactive ? question : '', { hidden: true });
    if (!secret) throw new AdminError('no password was given');
    return secret;
  } finally {
    terminal.close();
  }
}

runAdmin(process.argv.slice(2), {
  env: process.env,
  print: (line) => console.log(line),
  warn: (line) => console.error(line),
  askSecret,
}).then(
  () => process.exit(0),
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const isExpected = isUsage || error instanceof AdminError;
    console.error(isExpected ? `admin: ${printable(error.message)}` : error);
    process.exit(isUsage ? 2 : 1);
  },
);
