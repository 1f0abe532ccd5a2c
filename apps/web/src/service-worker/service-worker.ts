import { answerFromShell, keepShell } from './shell';
import { openConversation, pushOf, showPush } from './notifications';
import type { WorkerScope } from './worker-scope';

const worker = globalThis as unknown as WorkerScope;

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const answer = answerFromShell(event.request, worker.registration.scope);
  if (answer) event.respondWith(answer);
});

worker.addEventListener('message', (event) => {
  const { shell } = event.data as { shell?: string[] };
  if (shell) event.waitUntil(keepShell(shell, worker.registration.scope));
});

worker.addEventListener('push', (event) => {
  event.waitUntil(showPush(worker, pushOf(event)));
});

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openConversation(worker, event.notification.tag));
});
