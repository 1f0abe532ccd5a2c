import { JsonAnswer } from '@agent-messenger/service-kit';

type Document = Record<string, unknown>;

/**
 * A document as this gateway answers with it. Made when somebody asks first, and then kept: anybody may ask, and making
 * its JSON anew takes milliseconds.
 */
export function servedDocument(
  text: () => string,
  servers: Document | Document[],
): () => JsonAnswer<Document> {
  let made: JsonAnswer<Document> | undefined;
  return () => (made ??= JsonAnswer.of({ ...(JSON.parse(text()) as Document), servers }));
}
