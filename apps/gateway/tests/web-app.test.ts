import { problemSchema } from '@agent-messenger/contracts';
import { request } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { makeBuiltApp, SCRIPT } from './built-app';
import type { Harness, TestGateway } from './harness';
import { startHarness } from './harness';

let harness: Harness;
let app: ReturnType<typeof makeBuiltApp>;
let gateway: TestGateway;

beforeAll(async () => {
  harness = await startHarness();
  app = makeBuiltApp();
  gateway = await harness.gateway({ WEB_DIR: app.dir });
});
afterAll(async () => {
  await harness.close();
  app.remove();
});

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** The path as it is, and the bytes as they travel: fetch would tidy up both. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const [, host = '', path = '/'] = /^http:\/\/([^/]+)(\/.*)$/.exec(url) ?? [];
  const [hostname, port] = host.split(':');
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

const ASSET = '/assets/app-abc123.js';

describe('a page', () => {
  it('is asked for again each time, and answered in one line while it is the same', async () => {
    const first = await get(`${gateway.url}/`);
    expect([first.status, first.headers['content-type']]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(first.headers['cache-control']).toBe('no-cache');
    expect(first.body.toString()).toContain('<title>Agent Messenger</title>');
    const etag = String(first.headers['etag']);
    const again = await get(`${gateway.url}/`, { 'if-none-match': etag });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect(again.headers['cache-control']).toBe('no-cache');
    // As a proxy weakens it that packs answers itself.
    const weak = await get(`${gateway.url}/`, { 'if-none-match': `W/${etag}, "other"` });
    expect(weak.status).toBe(304);
  });

  it('says whether people may register', async () => {
    const pageOf = async (env: Record<string, string>) => {
      const { url } = await harness.gateway({ WEB_DIR: app.dir, ...env });
      return (await get(`${url}/`)).body.toString();
    };
    const tag = (content: string) => `<meta name="registration" content="${content}"`;
    expect(await pageOf({ REGISTRATION_OPEN: 'true' })).toContain(tag('open'));
    expect(await pageOf({ REGISTRATION_OPEN: 'false' })).toContain(tag('closed'));
  });

  it.each([
    ['/', /worker-src 'self'/],
    ['/admin/', /img-src 'self' data:/],
  ])('%s has a policy that lets in nothing inline and nobody else', async (path, own) => {
    const { headers } = await get(gateway.url + path);
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(policy).toMatch(own);
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types agent-messenger");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['permissions-policy']).toContain('camera=()');
  });

  it('is packed for who takes that', async () => {
    const plain = await get(`${gateway.url}/`);
    const br = await get(`${gateway.url}/`, { 'accept-encoding': 'gzip, deflate, br' });
    const zipped = await get(`${gateway.url}/`, { 'accept-encoding': 'gzip, br;q=0' });
    expect([br, zipped, plain].map(({ headers }) => headers['content-encoding'])).toEqual([
      'br',
      'gzip',
      undefined,
    ]);
    expect(brotliDecompressSync(br.body)).toEqual(plain.body);
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
    expect(new Set([br, zipped, plain].map(({ headers }) => headers['etag'])).size).toBe(3);
    expect(plain.headers['vary']).toMatch(/Accept-Encoding/i);
  });
});

describe('a file with its hash in its name', () => {
  it('may be kept for ever', async () => {
    const { status, headers, body } = await get(gateway.url + ASSET);
    expect([status, body.toString()]).toEqual([200, SCRIPT]);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toMatch(/^text\/javascript/);
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
    ['', undefined],
  ])('was packed when it was built: %j gets %s', async (accepted, encoding) => {
    const { headers, body } = await get(gateway.url + ASSET, { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['content-type']).toMatch(/^text\/javascript/);
    expect(headers['vary']).toMatch(/Accept-Encoding/i);
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }[String(encoding)];
    expect((unpack ? unpack(body) : body).toString()).toBe(SCRIPT);
    const again = await get(gateway.url + ASSET, {
      'accept-encoding': accepted,
      'if-none-match': String(headers['etag']),
    });
    expect(again.status).toBe(304);
  });

  it('that there is not, is not found in the words of the API', async () => {
    const { status, headers, body } = await get(`${gateway.url}/assets/app-gone.js`);
    expect([status, headers['content-type']]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect(problemSchema.parse(JSON.parse(body.toString())).code).toBe('not_found');
  });
});

it('a service worker is looked at each time, and may ask its own gateway only', async () => {
  const { status, headers } = await get(`${gateway.url}/service-worker.js`);
  expect([status, headers['cache-control']]).toEqual([200, 'no-cache']);
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; connect-src 'self'/);
  // One below /admin/ could take the console's pages.
  expect((await get(`${gateway.url}/admin/service-worker.js`)).status).toBe(404);
});

it.each([
  '/index.html',
  '/admin.html',
  '/admin/index.html',
  '/.vite/manifest.json',
  '/assets/../index.html',
  '/assets/..%2findex.html',
  '/assets/%2e%2e/index.html',
  '/assets/..%5cindex.html',
  '/assets//etc/passwd',
  '/assets/app-abc123.js.br',
  '/assets/app-abc123.js%00',
  '/assets/',
  '/assets',
  '/assets/constructor',
  '/admin/agents/../../index.html',
])('%s is not there', async (path) => {
  const { status, headers } = await get(gateway.url + path);
  expect(status).toBe(404);
  expect(headers['content-type']).toMatch(/problem\+json/);
});

it('what cannot be read as a path is refused as everywhere', async () => {
  for (const path of ['/assets/%', '/assets/%c3%28', '/%']) {
    const { status, headers } = await get(gateway.url + path);
    expect([400, 404]).toContain(status);
    expect(headers['content-type']).toMatch(/problem\+json/);
  }
});

it('is read, not written', async () => {
  expect((await get(gateway.url + ASSET, {}, 'HEAD')).status).toBe(200);
  for (const method of ['POST', 'PUT', 'DELETE']) {
    for (const path of ['/', ASSET, '/service-worker.js'])
      expect((await get(gateway.url + path, {}, method)).status).toBe(404);
  }
});

describe('the console', () => {
  it('is below /admin/, with all its files', async () => {
    const { status, headers } = await get(`${gateway.url}/admin`);
    expect([status, headers['location']]).toEqual([302, 'admin/']);
    const { body } = await get(`${gateway.url}/admin/`);
    expect(body.toString()).toContain('<title>Agent Messenger console</title>');
    expect((await get(`${gateway.url}/admin${ASSET}`)).body.toString()).toBe(SCRIPT);
    expect((await get(`${gateway.url}/admin/icon.svg`)).status).toBe(200);
  });

  it('is where the admin routes are', async () => {
    const statuses = async ({ url, internalUrl }: TestGateway) =>
      Promise.all(
        [`${url}/`, `${url}/admin/`, `${internalUrl}/admin/`, `${internalUrl}/`].map(
          async (page) => (await get(page)).status,
        ),
      );
    const hidden = await harness.gateway({ WEB_DIR: app.dir, ADMIN_ROUTES: 'internal' });
    const chat = await harness.gateway({ WEB_DIR: app.dir, WEB_APP: 'chat' });
    const off = await harness.gateway({ WEB_DIR: app.dir, WEB_APP: 'off' });
    expect(await statuses(gateway)).toEqual([200, 200, 404, 404]);
    expect(await statuses(hidden)).toEqual([200, 404, 200, 404]);
    expect(await statuses(chat)).toEqual([200, 404, 404, 404]);
    expect(await statuses(off)).toEqual([404, 404, 404, 404]);
    expect((await get(`${hidden.internalUrl}/admin${ASSET}`)).status).toBe(200);
    expect((await get(off.url + ASSET)).status).toBe(404);
  });
});

it('below a path of a site it is below that path', async () => {
  const { url } = await harness.gateway({ WEB_DIR: app.dir, BASE_PATH: '/am' });
  for (const path of ['/am/', `/am${ASSET}`, '/am/admin/', `/am/admin${ASSET}`, '/am/icon.svg'])
    expect([path, (await get(url + path)).status]).toEqual([path, 200]);
  expect((await get(`${url}/`)).status).toBe(404);
  // Without the slash, what is relative to the page would be beside it.
  const { status, headers } = await get(`${url}/am?a=1`);
  expect([status, headers['location']]).toEqual([302, 'am/?a=1']);
});

it('says what to do when it was not built', async () => {
  for (const WEB_DIR of ['', join(app.dir, 'nothing')]) {
    const { url } = await harness.gateway({ WEB_DIR });
    const { status, body } = await get(`${url}/`);
    expect(status).toBe(404);
    expect(problemSchema.parse(JSON.parse(body.toString())).detail).toContain('npm run build');
    expect((await get(`${url}/health`)).status).toBe(200);
  }
});

it('carries the name, colour and logo of the operator', async () => {
  const logo = join(app.dir, 'own.svg');
  writeFileSync(logo, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"/>');
  const { url } = await harness.gateway({
    WEB_DIR: app.dir,
    BRAND_NAME: 'Müller & <Söhne>',
    BRAND_COLOR: '#0A7D55',
    BRAND_LOGO: logo,
  });
  const html = (await get(`${url}/`)).body.toString();
  expect(html).toContain('<title>Müller &amp; &lt;Söhne&gt;</title>');
  expect(html).toContain('<meta name="application-name" content="Müller &amp; &lt;Söhne&gt;"');
  const sheet = /<link rel="stylesheet" href="\.(\/assets\/brand-[\w-]+\.css)">/.exec(html)?.[1];
  const icon = /<link rel="icon" href="\.(\/assets\/logo-[\w-]+\.svg)" type="image\/svg\+xml">/;
  const own = icon.exec(html)?.[1];
  const [style, picture] = [await get(`${url}${sheet}`), await get(`${url}${own}`)];
  expect(style.body.toString()).toContain('--accent:#0a7d55');
  expect(style.headers['content-type']).toBe('text/css; charset=utf-8');
  expect(picture.headers['content-type']).toBe('image/svg+xml');
  for (const { headers } of [style, picture])
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const console = (await get(`${url}/admin/`)).body.toString();
  expect(console).toContain('<title>Müller &amp; &lt;Söhne&gt; console</title>');
  expect((await get(`${url}/admin${sheet}`)).status).toBe(200);
  const manifest = await get(`${url}/manifest.webmanifest`);
  expect(manifest.headers['content-type']).toMatch(/^application\/manifest\+json/);
  expect(JSON.parse(manifest.body.toString())).toMatchObject({
    name: 'Müller & <Söhne>',
    theme_color: '#0a7d55',
    icons: [{ src: `.${own}`, sizes: 'any' }],
  });
});

it('a logo that is not there stops the start, and says so', async () => {
  const BRAND_LOGO = join(app.dir, 'none.svg');
  await expect(harness.gateway({ WEB_DIR: app.dir, BRAND_LOGO })).rejects.toThrow(
    /^BRAND_LOGO cannot be read: ENOENT/,
  );
});

it('counts for the limits of an address, and its headers say so', async () => {
  const { url } = await harness.gateway({ WEB_DIR: app.dir, REQUESTS_PER_MINUTE_IP: '2' });
  const answers = [await get(`${url}/`), await get(url + ASSET), await get(`${url}/`)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers.map(({ headers }) => headers['ratelimit-remaining'])).toEqual(['1', '0', '0']);
});
