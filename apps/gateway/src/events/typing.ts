import type { RequestHandler } from '../requests/dispatch';
import type { Typists } from '../presence/typists';

export function typing(typists: Typists): RequestHandler<'typing'> {
  return async (connection, { conversation_id, typing: isTyping }) => {
    await typists.set(connection, conversation_id, isTyping);
    return {};
  };
}
