import { EVENT_BYTES } from '../storage/storage';
import { numberOf } from './message-rows';

/** Events that were counted when they were written. */
const CHARGED = [
  'conversation.created',
  'conversation.updated',
  'message.created',
  'message.edited',
  'reaction.set',
  'action.chosen',
] as const;

/** SQL: the bytes that an event of the log was counted as besides its texts. */
export const CHARGED_BYTES = `CASE WHEN type IN (${CHARGED.map(numberOf).join()}) THEN ${EVENT_BYTES} ELSE 0 END`;
