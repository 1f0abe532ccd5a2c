import { humanLine } from './human-line';

describe('humanLine', () => {
  const line = (entry: object) => humanLine('auth', JSON.stringify(entry));

  it('shows warnings and errors with their reason', () => {
    expect(line({ level: 40, msg: 'slow' })).toBe('[auth] warn: slow');
    expect(line({ level: 50, msg: 'failed', err: { message: 'no route' } })).toBe(
      '[auth] error: failed: no route',
    );
  });

  it('hides what needs nobody', () => {
    expect(line({ level: 30, msg: 'ready' })).toBeNull();
    expect(humanLine('auth', '')).toBeNull();
  });

  it('shows what is no log entry as it is, cut to a bearable length', () => {
    expect(humanLine('auth', 'Error: boom')).toBe('[auth] Error: boom');
    expect(humanLine('auth', '{not json')).toBe('[auth] {not json');
    expect(humanLine('auth', 'x'.repeat(10_000))).toHaveLength(501);
  });
});
