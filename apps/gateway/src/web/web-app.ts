import { AppError, type Logger } from '@agent-messenger/service-kit';
import express, { type RequestHandler, type Router } from 'express';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBrand, type Brand, type BrandConfig, type BrandFile } from './brand/brand';
import { brandedManifest, brandedPage, withRegistration } from './branded-pages';
import { assetsOf, builtFiles, isBuilt } from './built-files';
import { packedAnswer } from './packed-answer';
import { CHAT_HEADERS, CONSOLE_HEADERS, WORKER_HEADERS, type PageHeaders } from './page-policies';

interface WebConfig extends BrandConfig {
  /** `chat`: without the console. */
  WEB_APP: 'on' | 'chat' | 'off';
  WEB_DIR?: string | undefined;
  REGISTRATION_OPEN: boolean;
}

/** What browsers get; each is served where its routes are. */
export interface WebApp {
  /** `/` and its files. */
  chat: RequestHandler | undefined;
  /** `/admin/` and its files. */
  console: RequestHandler | undefined;
}

const SERVICE_WORKER = 'service-worker.js';
/** What is in such a file is in its name. */
const FOR_EVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };
/** Asked for again each time: a page of an older version would ask for files that are gone. */
const CHECKED = { 'Cache-Control': 'no-cache' };

/** Reads the built app, and the brand, once. @throws Error when a file of them cannot be read */
export async function openWebApp(config: WebConfig, log: Logger): Promise<WebApp> {
  const { WEB_APP, WEB_DIR, REGISTRATION_OPEN: isOpen } = config;
  if (WEB_APP === 'off') return { chat: undefined, console: undefined };
  if (WEB_DIR === undefined || !(await isBuilt(WEB_DIR))) {
    if (WEB_DIR !== undefined) log.warn({ dir: WEB_DIR }, 'the web app is not built');
    return { chat: notBuilt('/'), console: WEB_APP === 'on' ? notBuilt('/admin/') : undefined };
  }
  const brand = await readBrand(config);
  const assets = await assetsRouter(assetsOf(WEB_DIR), brand);
  return {
    chat: await chatRouter(WEB_DIR, { brand, assets, isOpen }),
    console: WEB_APP === 'on' ? await consoleRouter(WEB_DIR, brand, assets) : undefined,
  };
}

interface ChatParts {
  brand: Brand;
  assets: Router;
  /** People may register. */
  isOpen: boolean;
}

async function chatRouter(dir: string, { brand, assets, isOpen }: ChatParts): Promise<Router> {
  const router = express.Router({ strict: true });
  const html = withRegistration(await readFile(join(dir, 'index.html'), 'utf8'), isOpen);
  router.get('/', await page(html, brand, CHAT_HEADERS));
  const manifest = await readFile(join(dir, 'manifest.webmanifest'), 'utf8');
  router.get(
    '/manifest.webmanifest',
    await packedAnswer(brandedManifest(manifest, brand), {
      type: 'application/manifest+json',
      headers: CHECKED,
    }),
  );
  router.get(`/${SERVICE_WORKER}`, (_request, response, next) => {
    response.set({ ...WORKER_HEADERS });
    next();
  });
  router.use('/assets', assets);
  router.use(await filesBesidePages(dir));
  return router;
}

/** Everything below `/admin/`, its files too: a proxy that leads operators there needs to know no other path. */
async function consoleRouter(dir: string, brand: Brand, assets: Router): Promise<Router> {
  const router = express.Router({ strict: true });
  // Relative, as all links: whatever path a proxy has taken off, it is still there for the browser.
  router.get('/admin', (_request, response) => response.redirect('admin/'));
  const html = await readFile(join(dir, 'admin.html'), 'utf8');
  router.get('/admin/', await page(html, brand, CONSOLE_HEADERS));
  router.use('/admin/assets', assets);
  // No worker: what is below `/admin/` is no page's scope.
  router.use('/admin', without(SERVICE_WORKER, await filesBesidePages(dir)));
  return router;
}

function page(html: string, brand: Brand, headers: PageHeaders): Promise<RequestHandler> {
  const options = { type: 'html', headers: { ...headers, ...CHECKED } };
  return packedAnswer(brandedPage(html, brand), options);
}

async function assetsRouter(dir: string, { logo, style }: Brand): Promise<Router> {
  const router = express.Router({ strict: true });
  const own = [logo, style].filter((file): file is BrandFile => file !== undefined);
  for (const { name, type, content } of own) {
    router.get(`/${name}`, await packedAnswer(content, { type, headers: FOR_EVER }));
  }
  router.use(onlyRead(await builtFiles(dir, FOR_EVER['Cache-Control'])));
  return router;
}

/** Icons, the service worker: files with a name of their own. */
async function filesBesidePages(dir: string): Promise<RequestHandler> {
  const handler = await builtFiles(dir, CHECKED['Cache-Control']);
  return onlyRead(without('index.html', without('admin.html', handler)));
}

function without(name: string, handler: RequestHandler): RequestHandler {
  return (request, response, next) =>
    request.path === `/${name}` ? next() : handler(request, response, next);
}

function onlyRead(handler: RequestHandler): RequestHandler {
  return (request, response, next) =>
    ['GET', 'HEAD'].includes(request.method) ? handler(request, response, next) : next();
}

function notBuilt(path: string): Router {
  const router = express.Router({ strict: true });
  router.get(path, () => {
    throw new AppError(
      'not_found',
      'The web app is not here: `npm run build` makes it in apps/web/dist, and WEB_DIR says to the gateway where it is. WEB_APP=off for a gateway without it.',
    );
  });
  return router;
}
