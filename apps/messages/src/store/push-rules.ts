import {
  LIMITS,
  type Action,
  type CallResponse,
  type messagesCalls,
  type PushRegistration,
} from '@agent-messenger/contracts';
import type { StoredChoice } from './message-rows';
import type { Store } from './store';

/** Devices whose conversations wait in the store and not in the queue: they cannot be reached, or the queue is full. */
export type PushBacklog = Pick<
  Store,
  | 'holdPush'
  | 'releasePush'
  | 'parkPushes'
  | 'waitingDevices'
  | 'waitingDeviceCount'
  | 'waitingPushes'
  | 'endWaiting'
>;

export const DEVICES_PER_USER = 20;
/** Apps register at every start: who has not for a year does not use that device any more. */
export const UNUSED_MS = 365 * 24 * 3_600_000;
export const BADGE_CAP = LIMITS.unreadCap;

/** A message that a device may be told of. */
export interface NewestRow {
  seq: number;
  /** Its updated_seq. */
  rev: number;
  at: string;
  content: string | null;
  actions: string | null;
  actions_expire_at: string | null;
  choice: string | null;
  name: string;
}

/** What a device was told of a conversation. */
export interface Mark {
  seq: number;
  at: string;
  shown_seq: number;
  shown_rev: number;
  stale: number;
}

export interface DeviceRow {
  device_id: string;
  platform: PushRegistration['platform'];
  token: string;
  keys: string | null;
  quiet_hours: string | null;
  registered_at: string;
}

type Device = NonNullable<CallResponse<typeof messagesCalls, 'pushState'>['push']>['device'];

export function toDevice({ keys, quiet_hours, ...device }: DeviceRow): Device {
  return {
    ...device,
    ...(keys !== null && { keys: JSON.parse(keys) as PushRegistration['keys'] }),
    ...(quiet_hours !== null && {
      quiet_hours: JSON.parse(quiet_hours) as PushRegistration['quiet_hours'],
    }),
  };
}

interface Positions {
  delivered_seq: number;
  read_seq: number;
  joined_seq: number;
}

/** The last seq that there is nothing to tell about any more. */
export function awareOf({ delivered_seq, read_seq, joined_seq }: Positions, toldSeq: number) {
  return Math.max(delivered_seq, read_seq, toldSeq, joined_seq - 1);
}

/** In the place of a message that is no longer there. */
const NOTHING = {
  rev: 0,
  content: null,
  actions: null,
  actions_expire_at: null,
  choice: null,
  name: '',
} as const;

/**
 * What the notification that a device shows has to become; undefined: nothing, it is right.
 * @param left the newest message that may be shown in its place
 */
export function correctionOf(mark: Mark, left: NewestRow | undefined) {
  if (left?.seq === mark.shown_seq && left.rev === mark.shown_rev) return undefined;
  const none = { ...NOTHING, seq: mark.seq };
  const change = { change: left ? ('updated' as const) : ('withdrawn' as const) };
  return { ...(left ?? none), at: mark.at, change };
}

/** What there is to choose from, as long as it can be, or what was chosen; of other messages nothing. */
export function questionOf(
  {
    actions,
    actions_expire_at,
    choice,
  }: Pick<NewestRow, 'actions' | 'actions_expire_at' | 'choice'>,
  now: Date,
) {
  if (actions === null) return {};
  const offered = JSON.parse(actions) as Action[];
  if (choice !== null) {
    const { action_id } = JSON.parse(choice) as StoredChoice;
    return { chosen: offered.find(({ id }) => id === action_id)?.label };
  }
  const isOver = actions_expire_at !== null && now.toISOString() >= actions_expire_at;
  return isOver ? {} : { actions: offered.map(({ label }) => label) };
}
