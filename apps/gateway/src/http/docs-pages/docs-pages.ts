import express, { type RequestHandler, type Router } from 'express';
import { asset, ofSwaggerUi } from './asset';
import { PAGES_STYLE } from './pages-style';
import { REST_PAGE_SCRIPT, restPage } from './rest-page';
import { socketsPage } from './sockets-page';

const NOTHING_ELSE =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Calls that are tried out go to this gateway. Swagger UI brings its icons as data. */
const REST_POLICY = `${NOTHING_ELSE}; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:`;
const SOCKETS_POLICY = `${NOTHING_ELSE}; style-src 'self'; img-src data:`;

/** `/docs`: REST by Swagger UI, sockets as a page, all of it from here. */
export function docsPages(): Router {
  const router = express.Router({ strict: true });
  const get = (path: string, handler: RequestHandler) => router.get(`/docs${path}`, handler);
  const text = (content: string) => () => Promise.resolve(content);
  const html = (policy: string, render: () => string): RequestHandler => {
    const serve = asset('html', () => Promise.resolve(render()));
    return (request, response, next) => {
      response.setHeader('Content-Security-Policy', policy);
      return serve(request, response, next);
    };
  };
  // Relative, as all links: whatever path a proxy has taken off, it is still there for the browser.
  get('', (_request, response) => response.redirect('docs/'));
  get('/', html(REST_POLICY, restPage));
  get('/sockets', html(SOCKETS_POLICY, socketsPage));
  get('/pages.css', asset('css', text(PAGES_STYLE)));
  get('/rest-page.js', asset('js', text(REST_PAGE_SCRIPT)));
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js'])
    get(`/${name}`, asset(name.slice(name.lastIndexOf('.') + 1), ofSwaggerUi(name)));
  return router;
}
