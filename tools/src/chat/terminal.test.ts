import { waitFor } from '@agent-messenger/testkit';
import { Terminal as VirtualTerminal } from '@xterm/headless';
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

/** What a person sees of it on a screen of this size, cursor included. */
function openScreen({ columns = 30, rows = 12 } = {}) {
  const screen = new VirtualTerminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    convertEol: true,
  });
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns });
  let drawn = Promise.resolve();
  output.on('data', (chunk: Buffer) => {
    drawn = drawn.then(() => new Promise((resolve) => screen.write(chunk, resolve)));
  });
  const terminal = new Terminal({ input, output }, () => undefined);
  const lines = async () => {
    // Keys are read, and what they lead to is written, in later turns.
    await new Promise((resolve) => setImmediate(resolve));
    await drawn;
    const { active } = screen.buffer;
    const all = Array.from(
      { length: active.length },
      (_, n) => active.getLine(n)?.translateToString(true) ?? '',
    );
    return all.join('\n').trimEnd().split('\n');
  };
  return { input, terminal, lines };
}

function rowsOf(line: string, columns: number): string[] {
  const count = Math.ceil(line.length / columns);
  return Array.from({ length: count }, (_, n) =>
    line.slice(n * columns, (n + 1) * columns).trimEnd(),
  );
}

describe('on a screen', () => {
  it('what passes stands above the prompt, and leaves nothing behind', async () => {
    const { terminal, lines } = openScreen();
    void terminal.prompt();
    terminal.showActivity('* Ada is thinking…');
    expect(await lines()).toEqual(['* Ada is thinking…', '>']);
    terminal.showOpenRow('Ada: Hel');
    expect(await lines()).toEqual(['Ada: Hel', '* Ada is thinking…', '>']);
    terminal.showActivity('');
    terminal.showOpenRow('Ada: Hello');
    expect(await lines()).toEqual(['Ada: Hello', '>']);
    terminal.showOpenRow('');
    terminal.print('Ada: Hello world');
    expect(await lines()).toEqual(['Ada: Hello world', '>']);
    terminal.close();
  });

  it('a line that is typed meanwhile is kept, also over several rows, and stays as one', async () => {
    const { input, terminal, lines } = openScreen();
    const entered = terminal.prompt();
    terminal.print('first');
    terminal.showOpenRow('Ada: Hel');
    const text = 'a line that is longer than what fits into one row of the screen';
    input.write(text);
    await lines();
    terminal.showOpenRow('Ada: Hello');
    terminal.print('second');
    const typed = rowsOf(`> ${text}`, 30);
    expect(await lines()).toEqual(['first', 'second', 'Ada: Hello', ...typed]);
    input.write('\r');
    expect(await entered).toBe(text);
    expect(await lines()).toEqual(['first', 'second', ...typed]);
    void terminal.prompt();
    expect(await lines()).toEqual(['first', 'second', ...typed, 'Ada: Hello', '>']);
    terminal.close();
  });

  it('tells of Esc and Ctrl-X, and of no other key', async () => {
    const { input, terminal, lines } = openScreen();
    const stop = jest.fn();
    terminal.onStop(stop);
    void terminal.prompt();
    input.write('x\u001b[A\u001b[Dy');
    await lines();
    expect(stop).not.toHaveBeenCalled();
    input.write('\u0018');
    await lines();
    expect(stop).toHaveBeenCalledTimes(1);
    input.write('\u001b');
    await waitFor(() => stop.mock.calls.length === 2);
    terminal.close();
  });
});
