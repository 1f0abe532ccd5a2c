import type { Notification } from '../provider';

/** What is left of the 4,096 bytes that every push service takes, after the encryption (RFC 8291). */
const MOST_BYTES = 3_993;
/** Says that the browser may show it by itself: https://w3c.github.io/push-api/#declarative-push-message */
const DECLARATIVE = 8030;

/**
 * What a service worker is given. With `navigate` it is in the declarative form too, which browsers that know it show
 * without a service worker.
 * @param navigate where a click leads, with `{conversation_id}` in it
 */
export function payload(notification: Notification, navigate: string | undefined): string {
  const { title, body, badge, conversation_id, seq } = notification;
  const forWorkers = { title, body, badge, tag: conversation_id, conversation_id, seq };
  if (navigate === undefined) return JSON.stringify(forWorkers);
  const to = navigate.replaceAll('{conversation_id}', conversation_id);
  const both = JSON.stringify({
    ...forWorkers,
    web_push: DECLARATIVE,
    // It takes the place of the one before, and is told of again.
    notification: { title, body, dir: 'auto', tag: conversation_id, renotify: true, navigate: to },
    app_badge: badge,
  });
  return Buffer.byteLength(both) <= MOST_BYTES ? both : JSON.stringify(forWorkers);
}
