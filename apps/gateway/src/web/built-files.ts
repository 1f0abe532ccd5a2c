import type { RequestHandler } from 'express';
import expressStaticGzip from 'express-static-gzip';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Made beside each file at build time. */
const PACKED = /\.(?:br|gz)$/;

/** Serves the files of one folder of the built app, compressed as they were built; asks for nothing that is not one. */
export async function builtFiles(dir: string, cacheControl: string): Promise<RequestHandler> {
  const found = await readdir(dir, { withFileTypes: true });
  const names = new Set(
    found
      .filter((file) => file.isFile() && !file.name.startsWith('.') && !PACKED.test(file.name))
      .map(({ name }) => name),
  );
  const serve: RequestHandler = expressStaticGzip(dir, {
    enableBrotli: true,
    orderPreference: ['br', 'gzip'],
    index: false,
    serveStatic: {
      index: false,
      redirect: false,
      lastModified: false,
      cacheControl: false,
      setHeaders(response) {
        response.setHeader('Cache-Control', cacheControl);
      },
    },
  });
  return (request, response, next) => {
    if (!names.has(request.path.slice(1))) return next();
    // Its own word for it, and not an Express route's: paths would be labels of a metric.
    response.locals['route'] = 'GET /assets';
    serve(request, response, next);
  };
}

/** Whether the app was built into this folder. */
export async function isBuilt(dir: string): Promise<boolean> {
  const files: string[] = await readdir(dir).catch(() => []);
  return ['index.html', 'admin.html'].every((page) => files.includes(page));
}

export const assetsOf = (dir: string) => join(dir, 'assets');
