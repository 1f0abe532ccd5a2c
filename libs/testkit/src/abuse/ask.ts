import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { RestAnswer, RestOptions } from '../rest';
import type { AbuseScene } from './scene';

/** One REST call from the greedy address, on a connection of its own. */
export async function ask(
  { url, address }: AbuseScene,
  method: string,
  path: string,
  { body, bearer, headers = {} }: RestOptions = {},
): Promise<RestAnswer> {
  const json = body === undefined ? '' : JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(new URL(path, url), {
      method,
      localAddress: address,
      agent: false,
      timeout: 15_000,
      headers: {
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(json),
        }),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
    })
      .on('response', resolve)
      .on('error', reject)
      .end(json);
  });
  const answer = await text(response);
  const isJson = /json/.test(response.headers['content-type'] ?? '');
  return {
    status: response.statusCode ?? 0,
    body: isJson && answer !== '' ? JSON.parse(answer) : undefined,
  };
}

/** `200`, `429 rate_limited, with a time`, … */
export function answerOf({ status, body }: RestAnswer): string {
  if (status < 400) return String(status);
  const { code, retry_after_ms } = (body ?? {}) as { code?: string; retry_after_ms?: number };
  return `${status} ${timed(code ?? 'unknown', retry_after_ms)}`;
}

const HOUR_MS = 3_600_000;

/** Says whether it was told when to come back: within an hour, which is the longest window of a budget. */
export function timed(code: string, retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return code;
  return `${code}, with ${retryAfterMs > 0 && retryAfterMs <= HOUR_MS ? 'a' : 'an impossible'} time`;
}

/** Asks until it is refused. @returns the last answer */
export async function untilRefused(
  once: (n: number) => Promise<string>,
  { most, atOnce = 20 }: { most: number; atOnce?: number },
): Promise<string> {
  let last = '';
  for (let n = 0; n < most; n += atOnce) {
    const answers = await Promise.all(Array.from({ length: atOnce }, (_, k) => once(n + k)));
    last = answers.find((answer) => !/^(2\d\d|ok)$/.test(answer)) ?? answers[0] ?? '';
    if (last !== answers[0] || !/^(2\d\d|ok)$/.test(last)) return last;
  }
  return last;
}
