import { AppError, toProblem } from '@agent-messenger/service-kit';
import type { IncomingMessage, RequestListener } from 'node:http';

/**
 * Takes the base path off what a request asks for, so that all that comes after knows only the paths of the contract.
 * @param basePath `/am`, or nothing @returns false when the request asks for something that is not under it
 */
export function stripBasePath(request: IncomingMessage, basePath: string): boolean {
  if (basePath === '') return true;
  const { url = '/' } = request;
  if (!url.startsWith(basePath)) return false;
  const rest = url.slice(basePath.length);
  if (rest !== '' && !rest.startsWith('/') && !rest.startsWith('?')) return false;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  return true;
}

/** What is asked for outside of the base path is not there, and the answer says where it is. */
export function notUnderBasePath(basePath: string): AppError {
  return new AppError(
    'not_found',
    `There is nothing here: everything is under ${basePath}/ (BASE_PATH)`,
  );
}

/** An app that is served under the base path. */
export function underBasePath(app: RequestListener, basePath: string): RequestListener {
  return (request, response) => {
    const location = withSlash(request, basePath);
    if (location !== undefined) return void response.writeHead(302, { Location: location }).end();
    if (stripBasePath(request, basePath)) return void app(request, response);
    const { code, message } = notUnderBasePath(basePath);
    const problem = toProblem({ code, message });
    response
      .writeHead(problem.status, { 'Content-Type': 'application/problem+json' })
      .end(JSON.stringify(problem));
  };
}

/** Where a browser has to ask instead, so that what is relative to the page is under the base path too. */
function withSlash({ method, url = '/' }: IncomingMessage, basePath: string): string | undefined {
  const isRead = method === 'GET' || method === 'HEAD';
  const [path, ...query] = url.split('?');
  if (basePath === '' || !isRead || path !== basePath) return undefined;
  return [`${basePath.slice(basePath.lastIndexOf('/') + 1)}/`, ...query].join('?');
}
