import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';

/** An append-only file that starts anew at a size and keeps one predecessor, so that the disk is bounded. */
export class LogFile {
  private descriptor: number | undefined;
  private bytes = 0;

  constructor(
    private readonly path: string,
    private readonly maxBytes: number = 16 * 1024 * 1024,
  ) {
    this.open();
  }

  write(text: string): void {
    const size = Buffer.byteLength(text);
    if (this.bytes > 0 && this.bytes + size > this.maxBytes) {
      this.close();
      renameSync(this.path, `${this.path}.1`);
      this.open();
    }
    // A line that comes after the end of everything has no reader any more.
    if (this.descriptor === undefined) return;
    try {
      this.bytes += writeSync(this.descriptor, text);
    } catch {
      // A full disk must not end the launcher, which has processes to drain.
    }
  }

  /** What it holds, older part first. */
  read(): string {
    return [`${this.path}.1`, this.path]
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('');
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): void {
    this.descriptor = openSync(this.path, 'a', 0o600);
    this.bytes = fstatSync(this.descriptor).size;
  }
}
