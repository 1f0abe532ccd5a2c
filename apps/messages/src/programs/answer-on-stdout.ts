/**
 * What the programs beside the service answer to the command that runs them: on stdout what was done, as JSON, or why
 * it was not, with an exit code of 1.
 */
export async function answerOnStdout(
  work: () => unknown,
  problemOf: (error: unknown) => string = messageOf,
): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await work())}\n`);
  } catch (error) {
    process.stdout.write(`${problemOf(error)}\n`);
    process.exitCode = 1;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
