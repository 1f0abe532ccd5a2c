const MAX_LINES = 20;

/** The last lines, each of them once, until they are released; from then on all lines pass. */
export class HeldLines {
  private readonly lines: string[] = [];
  private open = false;

  constructor(private readonly pass: (line: string) => void) {}

  get held(): readonly string[] {
    return this.lines;
  }

  add(line: string): void {
    if (this.open) return this.pass(line);
    if (this.lines.includes(line)) return;
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }

  release(): void {
    this.open = true;
    for (const line of this.lines.splice(0)) this.pass(line);
  }
}
