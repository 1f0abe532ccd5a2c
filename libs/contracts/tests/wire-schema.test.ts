import type { z } from 'zod';
import type { RequestName, RouteContract, RouteName, ServerEventName } from '../src';
import {
  agentHandshakeSchema,
  asyncApiDocument,
  clientHandshakeSchema,
  closeCodeSchema,
  createSchemaBook,
  ERROR_STATUS,
  openApiDocument,
  PROTOCOL_VERSION,
  requests,
  routes,
  serverEvents,
} from '../src';

/** All that clients and agents can see of the wire, as they see it. */
function wireSchema() {
  const book = createSchemaBook();
  const input = (schema: z.ZodType | undefined) => schema && book.schemaOf(schema, 'input');
  const output = (schema: z.ZodType | null) => schema && book.schemaOf(schema, 'output');
  return {
    protocol_version: PROTOCOL_VERSION,
    handshakes: { client: input(clientHandshakeSchema), agent: input(agentHandshakeSchema) },
    requests: mapNames(requests, (name: RequestName) => ({
      from: requests[name].from,
      payload: input(requests[name].payload),
      ack: output(requests[name].ack),
    })),
    server_events: mapNames(serverEvents, (name: ServerEventName) => output(serverEvents[name])),
    routes: mapNames(routes, (name: RouteName) => {
      const route: RouteContract = routes[name];
      const { method, path, caller, status, repeatedStatus } = route;
      return {
        ...{ method, path, caller, status, repeatedStatus },
        params: input(route.params),
        query: input(route.query),
        body: input(route.body),
        response: output(route.response),
      };
    }),
    error_status: ERROR_STATUS,
    close_codes: closeCodeSchema.options,
    objects: book.components,
  };
}

function mapNames<N extends string, T>(catalogue: Record<N, unknown>, map: (name: N) => T) {
  return Object.fromEntries((Object.keys(catalogue) as N[]).map((name) => [name, map(name)]));
}

/** Every `$ref` within a document. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    key === '$ref' ? [String(part)] : refsIn(part),
  );
}

function resolve(document: unknown, ref: string): unknown {
  const path = ref.replace('#/', '').split('/');
  return path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    document,
  );
}

it('is the wire schema that was agreed on: within a protocol version it only grows', () => {
  expect(wireSchema()).toMatchSnapshot();
});

describe.each([
  ['OpenAPI', openApiDocument()],
  ['AsyncAPI', asyncApiDocument()],
])('%s', (_name, document) => {
  it('is JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('refers to nothing that is not there', () => {
    const refs = new Set(refsIn(document));
    expect(refs.size).toBeGreaterThan(0);
    for (const ref of refs) expect([ref, resolve(document, ref)]).toEqual([ref, expect.anything()]);
  });

  it('lets receivers ignore fields that they do not know', () => {
    expect(JSON.stringify(document)).not.toContain('"additionalProperties":false');
  });
});

describe('OpenAPI', () => {
  const { paths } = openApiDocument() as {
    paths: Record<string, Record<string, { operationId: string; parameters: object[] }>>;
  };

  it('has every route once', () => {
    const names = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(names.sort()).toEqual(Object.keys(routes).sort());
  });

  it('names the parameters of a path and says what the text of a query stands for', () => {
    expect(paths['/conversations/{conversation_id}/messages']?.['get']?.parameters).toEqual([
      expect.objectContaining({ name: 'conversation_id', in: 'path', required: true }),
      expect.objectContaining({ name: 'before_seq', in: 'query', required: false }),
      expect.objectContaining({ name: 'after_seq', in: 'query', required: false }),
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        example: 20,
      },
    ]);
  });
});

it('keeps a request and a server event of the same name apart', () => {
  const { components } = asyncApiDocument() as {
    components: { messages: Record<string, { name: string }> };
  };
  const { messages } = components;
  expect(messages['typing']).not.toEqual(messages['server.typing']);
  const onBoth = 2 * Object.keys(requests).length + Object.keys(serverEvents).length;
  // Plain WebSocket has them as frames, and frames of its own: two of credentials, their ack, one of errors.
  expect(Object.keys(messages)).toHaveLength(2 * onBoth + 4);
});
