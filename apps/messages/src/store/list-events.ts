import type { Store } from './store';

/** A page of the log as it is answered to who asks for one, by what reads one to deliver it. */
export function createListEvents(readLog: Store['readLog']): Store['listEvents'] {
  return async ({ epoch = null, ...request }) => {
    const { events, has_more, last_seq, log_id } = await readLog({ ...request, epoch });
    return { events, has_more, last_seq, log_id };
  };
}
