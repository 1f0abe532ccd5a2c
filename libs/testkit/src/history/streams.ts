import { entriesOf, groupBy, type Entry, type Violation } from './history';

/** What is shown while an answer is written is its beginning, and the answer becomes a message. */
export function checkStreams(history: readonly Entry[]): Violation[] {
  const shown = groupBy(entriesOf(history, 'stream'), ({ conversation }) => conversation);
  return entriesOf(history, 'log').flatMap(({ conversation, events }) => {
    const contents = new Map(events.map(({ client_id, content }) => [client_id, content]));
    return (shown.get(conversation) ?? []).flatMap(({ session, stream_id, text, at }) => {
      const content = contents.get(stream_id);
      if (content?.startsWith(text)) return [];
      return [
        {
          rule: 'what is shown of an answer is its beginning',
          message:
            typeof content !== 'string'
              ? `${session} was shown ${stream_id}, which became no message`
              : `${session} was shown ${text.length} units of ${stream_id} that are not its beginning`,
          about: conversation,
          at,
        },
      ];
    });
  });
}
