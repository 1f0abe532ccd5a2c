const names: Record<number, string> = { 40: 'warn', 50: 'error', 60: 'fatal' };
const WARN = 40;
const MAX_CHARS = 500;

/** A service's log line as a person wants to see it, or null when it needs nobody's attention. */
export function humanLine(service: string, line: string): string | null {
  if (line.trim() === '') return null;
  const entry = parse(line);
  if (!entry) return cut(`[${service}] ${line}`);
  const { level, msg, err } = entry;
  if (typeof level !== 'number' || level < WARN) return null;
  const reason =
    typeof err === 'object' && err !== null && 'message' in err && err.message !== msg
      ? `: ${String(err.message)}`
      : '';
  return cut(`[${service}] ${names[level] ?? level}: ${String(msg ?? '')}${reason}`);
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Not a log entry: shown as it is.
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
}
