/** An event from others that an agent had under way when its connection broke. */
export interface Attempted {
  seq: number;
  /** What it is about; null when it is about no message, or that one is deleted. */
  message_id: string | null;
  attempts: number;
}

/** From how many attempts on an agent is told of them. */
export const SUSPECT_FROM = 2;
/** What a person sees of a message that its agent never got done. */
export const NEVER_DONE = 'The agent stopped each time it began to answer this message.';
