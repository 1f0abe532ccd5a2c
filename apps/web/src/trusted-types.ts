/** What is used of the browser's Trusted Types; where it has none, plain strings do. */
interface Rules {
  createHTML(html: string): string;
  createScriptURL(url: string): string;
}
interface Factory {
  createPolicy(name: string, rules: Rules): Rules;
}

/** The only script that is loaded by its URL. */
export const SERVICE_WORKER = 'service-worker.js';

const rules: Rules = {
  // Only DOMPurify makes HTML, for itself: what comes out of it is a tree that holds what it lets pass.
  createHTML: (html) => html,
  createScriptURL(url) {
    if (url !== `./${SERVICE_WORKER}`) throw new TypeError(`no script of this page: ${url}`);
    return url;
  },
};

/** The one policy of these pages; the gateway's Content-Security-Policy names it. */
export const trustedTypesPolicy: Rules =
  (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('agent-messenger', rules) ??
  rules;
