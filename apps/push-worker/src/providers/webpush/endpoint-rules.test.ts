import { checkEndpoint, isPrivateAddress, lookupPublic } from './endpoint-rules';

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
  'nonsense',
])('%s is refused', (endpoint) => expect(isAllowed(endpoint)).toBe(false));

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
])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));

test.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => expect(isPrivateAddress(address)).toBe(false),
);

test('a name that leads to this machine is not connected to', async () => {
  const error = await new Promise((resolve) => lookupPublic('localhost', {}, resolve));
  expect(String(error)).toContain('endpoint_address_private');
});
