import { ChatError, parseChatOptions } from './options';

describe('parseChatOptions', () => {
  it('has defaults and takes the password from the environment', () => {
    const options = parseChatOptions(['--user', 'ada'], { AGENT_MESSENGER_PASSWORD: 'secret' });
    expect(options).toMatchObject({
      url: ['http://127.0.0.1:8080'],
      user: 'ada',
      password: 'secret',
      timeoutMs: 30_000,
      register: false,
    });
  });

  it.each([
    ['an unknown option', ['--bogus']],
    ['a URL of another kind', ['--url', 'ftp://x']],
    ['no URL', ['--url', 'localhost']],
    ['a URL with a password', ['--url', 'https://ada:secret@example.org']],
    ['a timeout that is none', ['--timeout', 'soon']],
    ['a timeout of 0', ['--timeout', '0']],
  ])('refuses %s', (_, args) => {
    expect(() => parseChatOptions(args, {})).toThrow(ChatError);
  });
});
