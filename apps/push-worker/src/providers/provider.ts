import type { CallResponse, messagesCalls } from '@agent-messenger/contracts';

type PushState = NonNullable<CallResponse<typeof messagesCalls, 'pushState'>['push']>;

/** What a person's phone shows. `title` and `body` are private: they go to the provider and nowhere else. */
export interface Notification {
  user_id: string;
  /** Also what collapses: a phone shows the newest notification of a conversation. */
  conversation_id: string;
  /** Position of the newest message that it stands for. */
  seq: number;
  title: string;
  body: string;
  /** The absolute count of what is unread. */
  badge: number;
  /**
   * Not to be noticed by the person: what is shown of the conversation goes, or is replaced by this. `title` and `body`
   * are empty when it goes.
   */
  change?: 'withdrawn' | 'updated' | undefined;
  /** After this it is old news, and the provider drops it too. */
  expiresAt: Date;
}

export type Device = PushState['device'];

export interface PushProvider {
  readonly name: string;
  /** Whether an app can be told without the person noticing. Browsers take subscriptions away for that. */
  readonly pushesSilently: boolean;
  /**
   * Of a provider with several servers: the one that takes this device's notifications. One that is down holds up
   * those only. There are few of them, whatever devices people register.
   * @throws PushError for a device that nothing can be sent to
   */
  serverOf?(device: Device): string;
  /**
   * Resolves when the notification was taken over. Has its own deadline.
   * @throws PushError when it was not; any other error counts as unexpected and its text is not shown anywhere
   */
  send(notification: Notification, device: Device): Promise<void>;
}

/**
 * What a failed send means.
 * - `gone`: the token is dead, by the provider's exact verdict
 * - `refused`: this notification will never be taken; everything else may be
 * - `later`: this device only, for the moment
 * - `down`: the provider cannot take anything, for the moment
 * - `misconfigured`: the provider takes nothing from us until someone acts
 */
export type Outcome = 'gone' | 'refused' | 'later' | 'down' | 'misconfigured';

export interface Verdict {
  outcome: Outcome;
  /** Logged and counted: a short word without anything of the device or message. */
  reason: string;
  /** The provider asks for this, milliseconds. */
  retryAfterMs?: number;
  /** With `gone`: when the provider last knew the token to be dead. */
  goneAt?: Date;
  /** With `refused`: something is set up wrongly, though not for every device. */
  alarm?: boolean;
}

/** A send that failed. */
export class PushError extends Error {
  override readonly name = 'PushError';

  constructor(
    readonly verdict: Verdict,
    options: { cause?: unknown } = {},
  ) {
    super(`push failed: ${verdict.reason}`, options);
  }
}
