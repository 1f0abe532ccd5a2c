import { Endpoints, gatewayUrl } from './endpoints';

describe('gatewayUrl', () => {
  it.each([
    ['https://example.org', 'https://example.org'],
    ['https://EXAMPLE.org:443/', 'https://example.org'],
    ['http://127.0.0.1:8080/chat', 'http://127.0.0.1:8080/chat'],
    ['http://[::1]:8080/a/b//', 'http://[::1]:8080/a/b'],
    ['https://example.org/mein chat/', 'https://example.org/mein%20chat'],
  ])('%s is %s', (text, url) => {
    expect(gatewayUrl(text)).toBe(url);
  });

  it.each(['localhost:8080', 'example.org', 'wss://example.org', 'ftp://x', '', '/chat'])(
    'refuses %j and says what one looks like',
    (text) => {
      expect(() => gatewayUrl(text)).toThrow('https://example.org/chat');
    },
  );

  it.each(['https://example.org/?a=1', 'https://example.org/chat#top'])('refuses %s', (text) => {
    expect(() => gatewayUrl(text)).toThrow('no query and no fragment');
  });

  it('refuses a password without showing it', () => {
    expect(() => gatewayUrl('https://ada:secret@example.org')).toThrow(/^((?!secret).)*$/);
  });
});

it('needs a gateway, and goes round', () => {
  expect(() => new Endpoints([])).toThrow('at least one gateway');
  const endpoints = new Endpoints(['http://a/x', 'http://b/']);
  expect(endpoints.current).toBe('http://a/x');
  endpoints.rotate();
  expect(endpoints.current).toBe('http://b');
  endpoints.rotate();
  expect(endpoints.current).toBe('http://a/x');
});
