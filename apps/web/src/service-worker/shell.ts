const CACHE = 'agent-messenger-shell';
/** How long a page that is kept waits for a newer one. */
const NETWORK_TIMEOUT_MS = 3_000;

/** What a page needs to begin without a network; null for all that is not its own files: that is the network's. */
export function answerFromShell(request: Request, scope: string): Promise<Response> | null {
  if (request.method !== 'GET') return null;
  const { origin, pathname } = new URL(request.url);
  const base = new URL(scope);
  if (origin !== base.origin) return null;
  if (pathname === base.pathname) return newest(request, scope);
  // Their names change with their content.
  return pathname.startsWith(`${base.pathname}assets/`) ? keptFile(request) : null;
}

/** Keeps the files that a page has loaded, and drops those of earlier versions. */
export async function keepShell(urls: readonly string[], scope: string): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = new Set([...urls, scope, manifestOf(scope)]);
  for (const { url } of await cache.keys()) {
    if (!wanted.has(url)) await cache.delete(url);
  }
  for (const url of wanted) {
    // One that cannot be had now is had when it is asked for.
    if (!(await cache.match(url))) await cache.add(url).catch(() => undefined);
  }
}

/** Who calls this installation what; within that time as it is now, else as it was. */
export function newestManifest(scope: string, withinMs: number): Promise<Response> {
  const url = manifestOf(scope);
  return newest(new Request(url), url, withinMs);
}

function manifestOf(scope: string): string {
  return new URL('manifest.webmanifest', scope).href;
}

/** As a gateway has it now, else as it is kept under that URL: a network that is there may carry nothing. */
async function newest(
  request: Request,
  url: string,
  timeoutMs = NETWORK_TIMEOUT_MS,
): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(url);
  let isKeptUsed = false;
  const asked = fetch(request).then(async (answer) => {
    if (!answer.ok) return answer;
    const copy = answer.clone();
    await answer.clone().arrayBuffer();
    // Only what runs is kept: it brings the files of its own version into the cache, which are what it begins with next.
    if (!isKeptUsed) await keep(cache, url, copy);
    return answer;
  });
  if (!kept) return asked;
  // A gateway that drains, or a proxy without one behind it.
  const usable = asked.then(
    (answer) => (answer.status < 500 ? answer : kept),
    () => kept,
  );
  const late = new Promise<Response>((resolve) => {
    setTimeout(() => {
      isKeptUsed = true;
      resolve(kept);
    }, timeoutMs);
  });
  return Promise.race([usable, late]);
}

async function keptFile(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await keep(cache, request.url, answer.clone());
  return answer;
}

/** Where the disk is full nothing is kept, and the page begins all the same. */
function keep(cache: Cache, url: string, answer: Response): Promise<void> {
  return cache.put(url, answer).catch(() => undefined);
}
