import type { RouteName } from '@agent-messenger/contracts';
import { openApiDocument } from '@agent-messenger/contracts';

interface Parameter {
  name: string;
  in: 'path' | 'query';
  example?: unknown;
}
interface Json {
  example?: unknown;
}
interface Answer {
  $ref?: string;
  content?: Record<string, Json>;
}
/** What a reader of the document finds of one route. */
export interface DocumentedOperation {
  operationId: RouteName;
  method: string;
  path: string;
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { content: Record<string, Json> };
  responses: Record<string, Answer>;
}

export function documentedOperations(): DocumentedOperation[] {
  const { paths } = openApiDocument() as {
    paths: Record<string, Record<string, Omit<DocumentedOperation, 'method' | 'path'>>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
}

export interface ExampleCall {
  /** Path and query. */
  target: string;
  body: string | undefined;
}

/** The call that the example shows, its names and secrets replaced by those that exist. */
export function exampleCall(
  { path, parameters, requestBody }: DocumentedOperation,
  real: (text: string) => string,
): ExampleCall {
  const given = parameters.filter(({ example }) => example !== undefined);
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: where, example } of given) {
    const value = real(String(example));
    if (where === 'query') query.set(name, value);
    else target = target.replace(`{${name}}`, encodeURIComponent(value));
  }
  const body = requestBody?.content['application/json']?.example;
  return {
    target: query.size > 0 ? `${target}?${query}` : target,
    body: body === undefined ? undefined : real(JSON.stringify(body)),
  };
}

/** The code that the document has under a status; undefined when it has none there. */
export function documentedCode(
  { responses }: DocumentedOperation,
  status: number,
): string | undefined {
  return responses[status]?.$ref?.split('/').at(-1);
}
