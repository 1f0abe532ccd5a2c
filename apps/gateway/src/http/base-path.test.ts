import type { IncomingMessage } from 'node:http';
import { stripBasePath } from './base-path';

test.each([
  ['/am/health', '/health'],
  ['/am/', '/'],
  ['/am', '/'],
  ['/am?x=1', '/?x=1'],
  ['/am/client/connect?token=t', '/client/connect?token=t'],
  ['/amber/health', undefined],
  ['/health', undefined],
  ['/', undefined],
])('%s under /am is %s', (url, rest) => {
  const request = { url } as IncomingMessage;
  expect(stripBasePath(request, '/am')).toBe(rest !== undefined);
  expect(request.url).toBe(rest ?? url);
});

test('without a base path all stays as it is', () => {
  const request = { url: '/health' } as IncomingMessage;
  expect([stripBasePath(request, ''), request.url]).toEqual([true, '/health']);
});
