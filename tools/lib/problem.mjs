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
