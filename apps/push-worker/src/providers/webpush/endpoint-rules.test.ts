import { generateRequestDetails, generateVAPIDKeys } from 'web-push';
import { checkEndpoint, lookupPublic } from './endpoint-rules';
import { isPrivateAddress } from './private-addresses';

const allowed = ['https://push.example', 'https://*.windows.example', 'https://127.0.0.1:8443'];
const isAllowed = (endpoint: string) => {
  try {
    checkEndpoint(endpoint, allowed);
    return true;
  } catch {
    return false;
  }
};

test.each([
  'https://push.example/abc',
  'https://wns2.windows.example/abc?x=1',
  'https://127.0.0.1:8443/push',
])('%s is allowed', (endpoint) => expect(isAllowed(endpoint)).toBe(true));

test.each([
  'http://push.example/abc',
  'https://push.example:444/abc',
  'https://user:password@push.example/abc',
  'https://push.example.evil.example/abc',
  'https://evilpush.example/abc',
  'https://windows.example/abc',
  'https://evilwindows.example/abc',
  'https://a.windows.example:8080/abc',
  'https://127.0.0.1/abc',
  'https://[::1]/abc',
  'https://push.example@evil.example/',
  'https://push.example./abc',
  'nonsense',
])('%s is refused', (endpoint) => expect(isAllowed(endpoint)).toBe(false));

test.each([`'`, '"', '`', '{', '}', ';', '!', ',', '$', '*'])(
  'a host with %s in it, where other parsers let it end, is refused',
  (mark) => {
    const endpoint = `https://127.0.0.1${mark}.windows.example/abc`;
    expect(new URL(endpoint).hostname).toMatch(/\.windows\.example$/);
    expect(isAllowed(endpoint)).toBe(false);
  },
);

test.each([
  'https://push.example\\@evil.example/abc',
  'https://pu\tsh.example/@evil.example/abc',
  '  https://push.example:443/a"b\'c;d?e=@evil.example#f ',
  'https://PUSH.example/%0d%0aHost:evil.example',
])('what is sent to is what was checked, also as web-push reads it: %j', (endpoint) => {
  const { url, allowedBy } = checkEndpoint(endpoint, allowed);
  expect(allowedBy).toBe('https://push.example');
  const vapidDetails = { subject: 'mailto:a@b.example', ...generateVAPIDKeys() };
  const keys = { p256dh: '', auth: '' };
  const { headers } = generateRequestDetails({ endpoint: url, keys }, null, { vapidDetails });
  const [, claims = ''] = `${headers?.['Authorization']}`.split('.');
  const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string };
  expect(aud).toBe('https://push.example');
});

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fd00::1',
  'fe80::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '::10.0.0.1',
  'fe80::1%eth0',
  'fec0::1',
  '2002:a00:1::1',
  '2001:db8::1',
  '192.0.2.1',
])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));

test.each([
  '8.8.8.8',
  '172.32.0.1',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
])('%s is public', (address) => expect(isPrivateAddress(address)).toBe(false));

test('a name that leads to this machine is not connected to', async () => {
  const error = await new Promise((resolve) => lookupPublic('localhost', {}, resolve));
  expect(String(error)).toContain('endpoint_address_private');
});
