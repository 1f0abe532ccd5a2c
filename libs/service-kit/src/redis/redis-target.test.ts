import { isRedisUrl, redisAddress, redisOptions } from './redis-target';

test.each([
  ['redis://host', { host: 'host', port: 6379 }],
  ['redis://host:1234/5', { host: 'host', port: 1234, db: 5 }],
  ['redis://:p%40ss@host', { host: 'host', port: 6379, password: 'p@ss' }],
  ['redis://me:p:q@[::1]:7', { host: '::1', port: 7, username: 'me', password: 'p:q' }],
  ['rediss://me:pw@host?family=6', { host: 'host', username: 'me', family: 6, tls: {} }],
])('%s', (url, options) => {
  expect(isRedisUrl(url)).toBe(true);
  expect(redisOptions({ url })).toMatchObject(options);
});

test('sentinels are asked for the master, with credentials of their own', () => {
  const url =
    'rediss+sentinel://me:pw@one,two:7/mymaster/3?sentinel_username=watch&sentinel_password=s%2Bt';
  expect(redisOptions({ url, tls: { ca: 'CA' } })).toMatchObject({
    sentinels: [
      { host: 'one', port: 26379 },
      { host: 'two', port: 7 },
    ],
    name: 'mymaster',
    role: 'master',
    username: 'me',
    password: 'pw',
    db: 3,
    sentinelUsername: 'watch',
    sentinelPassword: 's+t',
    tls: { ca: 'CA' },
    sentinelTLS: { ca: 'CA' },
    enableTLSForSentinelMode: true,
  });
  expect(redisAddress(url)).toBe('one:26379, two:7');
});

test('without TLS no certificate is shown', () => {
  const tls = { ca: 'CA', cert: 'C', key: 'K' };
  expect(redisOptions({ url: 'redis://host', tls })).not.toHaveProperty('tls');
  expect(redisOptions({ url: 'rediss://host', tls })).toMatchObject({ tls });
});

test.each([
  'http://host',
  'redis://',
  'redis://a,b',
  'redis://host/x',
  'redis://host:99999',
  'redis://user:%zz@host',
  'redis+sentinel://a,b',
  'redis+sentinel://a/name/x',
  'redis+sentinel://a,/name',
  'host:6379',
])('%s is no URL of a Redis', (url) => {
  expect(isRedisUrl(url)).toBe(false);
  expect(() => redisOptions({ url })).toThrow('no URL of a Redis');
});
