import { createECDH, randomBytes } from 'node:crypto';
import { startHarness, type Harness, type TestGateway } from './harness';

let harness: Harness;
let gateway: TestGateway;
beforeAll(async () => {
  harness = await startHarness();
  gateway = await harness.gateway();
});
afterAll(() => harness.close());

async function register(p256dh: string): Promise<{ status: number; code?: unknown }> {
  const auth = randomBytes(16).toString('base64url');
  const response = await fetch(`${gateway.url}/push/register`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${harness.token('usr_1')}`,
    },
    body: JSON.stringify({
      device_id: 'browser',
      platform: 'webpush',
      token: 'https://push.example/1',
      keys: { p256dh, auth },
    }),
  });
  const { status } = response;
  if (status < 400) return { status };
  return { status, code: ((await response.json()) as { code: unknown }).code };
}

test.each([
  ['no key at all', 'no key at all'],
  ['a point beside the curve', Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)])],
])('a browser whose key is %s is told so at once', async (_name, key) => {
  const text = typeof key === 'string' ? key : key.toString('base64url');
  expect(await register(text)).toEqual({ status: 400, code: 'invalid_payload' });
});

test('a browser registers with the keys of its subscription', async () => {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  expect(await register(ecdh.getPublicKey('base64url'))).toEqual({ status: 204 });
});
