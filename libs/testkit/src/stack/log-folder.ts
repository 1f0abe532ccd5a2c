import { join } from 'node:path';
import { LogFile } from './log-file';

/** One log file per process, opened at its first use. */
export class LogFolder {
  private readonly files = new Map<string, LogFile>();

  constructor(private readonly dir: string) {}

  of(name: string): LogFile {
    const file = this.files.get(name) ?? new LogFile(join(this.dir, `${name}.log`));
    this.files.set(name, file);
    return file;
  }

  read(name: string): string {
    return this.files.get(name)?.read() ?? '';
  }

  close(): void {
    for (const file of this.files.values()) file.close();
  }
}
