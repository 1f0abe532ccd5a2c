import { problemSchema } from './errors';
import type { JsonSchema, SchemaBook } from './json-schema';
import { createSchemaBook } from './json-schema';
import type { Caller, RouteContract, RouteName } from './rest';
import { routes } from './rest';
import { PROTOCOL_VERSION } from './sockets';

const SECURITY: Record<Caller, Record<string, string[]>[]> = {
  anyone: [],
  person: [{ accessToken: [] }],
  member: [{ accessToken: [] }],
  agent_key: [{ apiKey: [] }],
  admin: [{ adminKey: [] }],
};

/** The REST routes as an OpenAPI 3.1 document. */
export function openApiDocument(): Record<string, unknown> {
  const book = createSchemaBook();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: RouteContract = routes[name];
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(name, route, book) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Agent Messenger', version: `${PROTOCOL_VERSION}` },
    paths,
    components: {
      schemas: book.components,
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', description: 'An access token.' },
        apiKey: { type: 'http', scheme: 'bearer', description: 'The API key of an agent.' },
        adminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-Key' },
      },
    },
  };
}

function operation(name: RouteName, route: RouteContract, book: SchemaBook) {
  const { response, status, repeatedStatus } = route;
  const answer = {
    description: response ? 'Done.' : 'Done, without a body.',
    ...(response && json(book.schemaOf(response, 'output'))),
  };
  return {
    operationId: name,
    summary: route.summary,
    security: SECURITY[route.caller],
    parameters: [...parameters('path', route, book), ...parameters('query', route, book)],
    ...(route.body && {
      requestBody: { required: true, ...json(book.schemaOf(route.body, 'input')) },
    }),
    responses: {
      [status]: answer,
      ...(repeatedStatus && { [repeatedStatus]: { ...answer, description: 'Done before.' } }),
      default: {
        description: 'A problem with a code.',
        content: { 'application/problem+json': { schema: book.schemaOf(problemSchema, 'output') } },
      },
    },
  };
}

function json(schema: JsonSchema) {
  return { content: { 'application/json': { schema } } };
}

function parameters(where: 'path' | 'query', route: RouteContract, book: SchemaBook) {
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
  }));
}
