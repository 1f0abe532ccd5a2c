/** What both pages may load, and from whom: this gateway. `'self'` of connect-src covers its WebSockets. */
const SHARED = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // One policy, which lets through what the pages make themselves (apps/web/src/trusted-types.ts).
  "require-trusted-types-for 'script'",
  'trusted-types agent-messenger',
];

/** Previews of what somebody sends or plays are blobs. */
const CHAT = [
  ...SHARED,
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "manifest-src 'self'",
];
const CONSOLE = [...SHARED, "img-src 'self' data:"];
/** Of the worker itself: it asks its own gateway, and no more. */
const WORKER = ["default-src 'none'", "connect-src 'self'", "script-src 'self'"];

const DEVICES = 'camera=(), geolocation=(), payment=(), usb=()';

/** Headers of a page beside those of every answer. */
export interface PageHeaders {
  'Content-Security-Policy': string;
  'Permissions-Policy'?: string;
}

export const CHAT_HEADERS: PageHeaders = {
  'Content-Security-Policy': CHAT.join('; '),
  'Permissions-Policy': `${DEVICES}, microphone=(self)`,
};
export const CONSOLE_HEADERS: PageHeaders = {
  'Content-Security-Policy': CONSOLE.join('; '),
  'Permissions-Policy': `${DEVICES}, microphone=()`,
};
export const WORKER_HEADERS: PageHeaders = { 'Content-Security-Policy': WORKER.join('; ') };
