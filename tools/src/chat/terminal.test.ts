import { PassThrough } from 'node:stream';
import { Terminal } from './terminal';

function open({ isTTY = true } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const interrupted = jest.fn();
  const terminal = new Terminal({ input, output }, interrupted);
  return { input, terminal, interrupted, shown: () => shown };
}

describe('Terminal', () => {
  it('keeps the question while its answer is being typed', async () => {
    const { input, terminal, shown } = open();
    const answer = terminal.ask('Talk to: ');
    input.write('ab\u007fc\r');
    expect(await answer).toBe('ac');
    // The backspace redraws the line.
    expect(shown().split('Talk to: ').length).toBeGreaterThan(2);
    expect(shown()).not.toContain('> ');
    terminal.close();
  });

  it('shows nothing of what is typed in secret', async () => {
    const { input, terminal, shown } = open();
    const answer = terminal.ask('Password: ', { hidden: true });
    input.write('secret\u007f\r');
    expect(await answer).toBe('secre');
    expect(shown()).toContain('Password: ');
    expect(shown().replace('Password', '')).not.toContain('s');
    terminal.close();
  });

  it('ends a question when it is closed, and tells of Ctrl-C', async () => {
    const { input, terminal, interrupted } = open();
    interrupted.mockImplementation(() => terminal.close());
    const answer = terminal.ask('User: ');
    input.write('\u0003');
    expect(await answer).toBeNull();
    expect(interrupted).toHaveBeenCalledTimes(1);
    expect(await terminal.prompt()).toBeNull();
  });

  it('prints no control characters of others', () => {
    const { terminal, shown } = open();
    terminal.print('Echo\u001b[2J: a\tb\nc');
    expect(shown()).toBe('Echo\ufffd[2J: a\tb\nc\n');
    terminal.close();
  });

  it('reads piped lines as they are wanted, all of them', async () => {
    const { input, terminal } = open({ isTTY: false });
    const lines = Array.from({ length: 50_000 }, (_, n) => `line ${n}`);
    input.end(lines.join('\n'));
    const read: (string | null)[] = [];
    for (let line = await terminal.prompt(); line !== null; line = await terminal.prompt()) {
      read.push(line);
    }
    expect(read).toEqual(lines);
  });
});
