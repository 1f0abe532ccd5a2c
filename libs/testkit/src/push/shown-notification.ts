import type { PushPlatform } from '@agent-messenger/contracts';

/** A notification that a provider took, as the phone would show it. */
export interface ShownNotification {
  platform: PushPlatform;
  /** For webpush the endpoint. */
  token: string;
  title: string;
  body: string;
  badge: number;
  conversation_id: string;
  seq: number;
  /** A later one with the same id takes its place on the phone. */
  collapse_id: string;
  /** When it was taken, ms since the epoch. */
  at: number;
}
