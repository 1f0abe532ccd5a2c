import { once } from 'node:events';
import { request as overHttp, type IncomingMessage } from 'node:http';
import { request as overHttps } from 'node:https';
import { text } from 'node:stream/consumers';

const DEADLINE_MS = 5_000;

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Address of this machine to ask from. */
  localAddress?: string | undefined;
}

export interface Answer {
  status: number;
  /** Of an upgrade: empty. */
  body: string;
  /** From which address it was asked. */
  from: string | undefined;
}

/** One HTTP request. Not by fetch, which sends no upgrade. @throws when nothing answers within 5 s */
export async function ask(
  url: string,
  { method = 'GET', headers, body, localAddress }: Ask = {},
): Promise<Answer> {
  const send = url.startsWith('https:') ? overHttps : overHttp;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const request = send(url, { method, headers, signal, localAddress, agent: false });
  const answered = Promise.race([once(request, 'response'), once(request, 'upgrade')]);
  request.end(body);
  const [answer] = (await answered) as [IncomingMessage];
  const { statusCode: status = 0, socket } = answer;
  const from = socket.localAddress;
  // Who answers before the body is there may end the connection.
  request.on('error', () => undefined);
  if (status === 101) {
    socket.destroy();
    return { status, body: '', from };
  }
  const read = await text(answer).catch(() => '');
  request.destroy();
  return { status, body: read, from };
}

/** The gateway's code in an answer: a proxy's own answer has none. */
export function codeOf(body: string): unknown {
  try {
    return (JSON.parse(body) as { code?: unknown }).code;
  } catch {
    return undefined;
  }
}
