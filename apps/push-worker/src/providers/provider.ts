import type { CallResponse, messagesCalls, PushRegistration } from '@agent-messenger/contracts';

type PushState = NonNullable<CallResponse<typeof messagesCalls, 'pushState'>['push']>;

/** What a person's phone shows. `title` and `body` are private: they go to the provider and nowhere else. */
export interface Notification {
  user_id: string;
  conversation_id: string;
  /** Position of the newest message that it stands for. */
  seq: number;
  title: string;
  body: string | null;
  /** The absolute count of what is unread. */
  badge: number;
}

export type Device = PushState['devices'][number];
export type Platform = PushRegistration['platform'];

export interface PushProvider {
  readonly name: string;
  /**
   * Resolves when the notification was taken over. Has its own deadline.
   * @throws PushError when it was not; any other error counts as unexpected and its text is not shown anywhere
   */
  send(notification: Notification, device: Device): Promise<void>;
}

/** The provider of each platform. */
export type Providers = ReadonlyMap<Platform, PushProvider>;

/** A send that failed. The reason is logged and counted: a short word without anything of the device or message. */
export class PushError extends Error {
  override readonly name = 'PushError';

  constructor(
    readonly reason: string,
    options: { cause?: unknown } = {},
  ) {
    super(`push failed: ${reason}`, options);
  }
}
