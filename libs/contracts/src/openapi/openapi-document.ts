import { createSchemaBook } from '../json-schema';
import type { RouteContract, RouteName } from '../rest';
import { routes } from '../rest';
import { PROTOCOL_VERSION } from '../sockets';
import { errorResponses } from './error-responses';
import { operation } from './operation';
import { TAGS } from './tags';

/**
 * The REST routes as an OpenAPI 3.1 document.
 * @param version of the gateway that serves it
 */
export function openApiDocument(version = `${PROTOCOL_VERSION}`): Record<string, unknown> {
  const book = createSchemaBook();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: RouteContract = routes[name];
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(name, route, book) };
  }
  const responses = errorResponses(Object.values(routes), book);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Agent Messenger',
      version,
      description: `Messaging between people and AI agents, protocol ${PROTOCOL_VERSION}. Within a protocol version changes are additive: ignore fields that you do not know. Live events come over sockets: /asyncapi.json.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: openApiServers(''),
    tags: TAGS,
    paths,
    components: {
      schemas: book.components,
      responses,
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', description: 'An access token.' },
        apiKey: { type: 'http', scheme: 'bearer', description: 'The API key of an agent.' },
        adminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-Key' },
      },
    },
  };
}

/**
 * The document's `servers`.
 * @param basePath of the site under which the routes are, `/am` for instance, or nothing
 */
export function openApiServers(basePath: string): Record<string, unknown>[] {
  // Relative to the document: right behind every proxy, also one that takes a path off.
  return [{ url: basePath || '.', description: 'The gateway that serves this document.' }];
}
