import type { JsonSchema, SchemaBook } from '../json-schema';
import type { Caller, RouteContract, RouteName } from '../rest';
import { errorReferences } from './error-responses';
import { routeExamples } from './examples/route-examples';
import { tagsOf } from './tags';

/** A member's access token, or an agent's key in its place: one of them, not both. */
const SECURITY: Record<Caller, Record<string, string[]>[]> = {
  anyone: [],
  person: [{ accessToken: [] }],
  member: [{ accessToken: [] }, { apiKey: [] }],
  agent_key: [{ apiKey: [] }],
  admin: [{ adminKey: [] }],
};

interface Example {
  params?: Record<string, unknown> | undefined;
  query?: Record<string, unknown> | undefined;
  body?: unknown;
  answer?: unknown;
}

/** A route as an OpenAPI operation, with an example of its call and answer. */
export function operation(name: RouteName, route: RouteContract, book: SchemaBook) {
  const { response, status, repeatedStatus, drainingStatus } = route;
  const example: Example = { ...routeExamples[name] };
  const answer = {
    description: response ? 'Done.' : 'Done, without a body.',
    ...(response && json(book.schemaOf(response, 'output'), example.answer)),
  };
  return {
    operationId: name,
    summary: route.summary,
    tags: tagsOf(name),
    security: SECURITY[route.caller],
    parameters: [
      ...parameters('path', { route, book, example: example.params }),
      ...parameters('query', { route, book, example: example.query }),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        ...json(book.schemaOf(route.body, 'input'), example.body),
      },
    }),
    responses: {
      [status]: answer,
      ...(repeatedStatus && { [repeatedStatus]: { ...answer, description: 'Done before.' } }),
      ...errorReferences(route),
      ...(drainingStatus && { [drainingStatus]: { ...answer, description: 'It drains.' } }),
    },
  };
}

function json(schema: JsonSchema, example: unknown) {
  return {
    content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
  };
}

interface ParameterParts {
  route: RouteContract;
  book: SchemaBook;
  example: Record<string, unknown> | undefined;
}

function parameters(where: 'path' | 'query', { route, book, example = {} }: ParameterParts) {
  const schema = where === 'path' ? route.params : route.query;
  if (!schema) return [];
  // What the text must stand for, a number for instance; whether it must be there is the sender's side.
  const { properties = {} } = book.schemaOf(schema, 'output');
  const { required = [] } = book.schemaOf(schema, 'input');
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema: property,
    ...(example[name] !== undefined && {
      example: property.type === 'integer' ? Number(example[name]) : example[name],
    }),
  }));
}
