/** Something that the person at the terminal can mend: its message says how, a stack trace adds nothing. */
export class Problem extends Error {
  /**
   * @param {string} message
   * @param {number} [exitCode] 2: the command line is wrong
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The same problem, with how to mend it below; what is no problem of this kind stays as it is. */
export function withHelp(error, help) {
  if (!(error instanceof Problem) || error.exitCode !== 1) return error;
  return new Problem(`${error.message}\n\n${help}`);
}
