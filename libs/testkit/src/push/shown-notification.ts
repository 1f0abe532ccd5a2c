import type { PushPlatform } from '@agent-messenger/contracts';

/** A notification that a provider took, as the phone would show it. */
export interface ShownNotification {
  platform: PushPlatform;
  /** For webpush the endpoint. */
  token: string;
  /** Told to the app alone: what is shown of the conversation goes, or is replaced by this without a sound. */
  change?: 'withdrawn' | 'updated';
  title: string;
  body: string;
  badge: number;
  conversation_id: string;
  seq: number;
  /** A later one with the same id takes its place on the phone. */
  collapse_id: string;
  /**
   * When the provider drops it if the phone could not be reached, ms since the epoch; a second may be lost to rounding.
   */
  expires_at: number;
  /** Shown at once, also by a phone that saves power. */
  urgent: boolean;
  /** What the phone plays; browsers decide for themselves. */
  sound?: string;
  /** For webpush: what the browser is given, as it is. */
  data?: string;
  /** When it was taken, ms since the epoch. */
  at: number;
}
