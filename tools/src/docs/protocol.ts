import type {
  JsonSchema,
  RequestName,
  RouteContract,
  RouteName,
  SchemaBook,
  ServerEventName,
} from '@agent-messenger/contracts';
import {
  agentHandshakeSchema,
  clientHandshakeSchema,
  createSchemaBook,
  ERROR_STATUS,
  errorSchema,
  LIMITS,
  problemSchema,
  PROTOCOL_VERSION,
  REFUSED_HANDSHAKE,
  REPEATED_REACTION,
  requests,
  routes,
  serverEvents,
} from '@agent-messenger/contracts';
import { fieldRows, GENERATED, notesOf, table, typeOf } from './markdown';
import { CALLER_MEANINGS, CLOSE_MEANINGS, ERROR_MEANINGS, LIMIT_MEANINGS } from './meanings';

const FIELDS = ['Field', 'Type', ''];
const KINDS = { user: 'people', agent: 'agents' };

/** The wire as a page, from the catalogues that the services and the SDK are built from. */
export function protocolPage(): string {
  const book = createSchemaBook();
  return [
    ...[GENERATED, '# Protocol', introduction()],
    ...['## REST', ...restSection(book)],
    ...['## Sockets', ...socketSection(book)],
    ...['## Repetitions and positions', repetitions()],
    ...['## Errors', ...errorSection(book)],
    ...['## Limits', limitTable()],
    // Last: by now the book has all of them.
    ...['## Objects', ...objectSection(book)],
  ]
    .join('\n\n')
    .concat('\n');
}

function introduction(): string {
  return [
    `Version ${PROTOCOL_VERSION}. Within a version changes are additive: ignore fields and event types that you do not know.`,
    'Ids are prefixed (`usr_`, `agt_`, `cnv_`, `msg_`), times are RFC 3339 in UTC with milliseconds, and `?` marks what may be absent.',
    'The same as documents for machines: `GET /openapi.json` on a gateway for REST, `GET /asyncapi.json` or [asyncapi.json](asyncapi.json) for sockets. `/docs` on a gateway shows both in a browser.',
  ].join('\n');
}

function repetitions(): string {
  return [
    '- A `client_id` is one of the identity that chose it: with the same request it answers what the first one made. That of a message is free again when its conversation has been deleted and emptied, moments later as a rule; that of a conversation is `not_found` from its deletion on, and free after 30 days.',
    `- A reaction may be repeated. ${REPEATED_REACTION} With \`compact\` that message is a preview, and missing where the last event is the reaction that was asked for.`,
    '- A `sync_token` is about the account that it was made for: clients forget it with the account. Shown by another one it is not refused, and lists what has changed since, without what was there before.',
  ].join('\n');
}

function restSection(book: SchemaBook): string[] {
  const names = Object.keys(routes) as RouteName[];
  return names.flatMap((name) => {
    const route: RouteContract = routes[name];
    const { method, path, caller, summary, params, query, body } = route;
    const bodySchema = body && book.schemaOf(body, 'input');
    const rows = [
      ...(params ? fieldRows(book.schemaOf(params, 'output'), 'path') : []),
      ...(query ? queryRows(route, book) : []),
      ...(bodySchema ? fieldRows(bodySchema, 'body') : []),
    ];
    return [
      `### ${method.toUpperCase()} ${path}`,
      summary,
      `For ${CALLER_MEANINGS[caller]}. Answers ${answerOf(route, book)}.`,
      ...(rows.length > 0 ? [table(['Field', 'In', 'Type', ''], rows)] : []),
    ];
  });
}

/** As what the text stands for, marked by whether the caller must write it. */
function queryRows({ query }: RouteContract, book: SchemaBook): string[][] {
  if (!query) return [];
  const { required = [] } = book.schemaOf(query, 'input');
  return fieldRows({ ...book.schemaOf(query, 'output'), required }, 'query');
}

function answerOf({ status, repeatedStatus, response }: RouteContract, book: SchemaBook): string {
  const codes = repeatedStatus ? `${status}, or ${repeatedStatus} when repeated` : `${status}`;
  return response ? `${codes}: ${typeOf(book.schemaOf(response, 'output'))}` : codes;
}

function socketSection(book: SchemaBook): string[] {
  return [
    [
      'Socket.IO 4 over the WebSocket transport at `/socket.io`, in the namespaces `/client` for people and `/agent` for agents.',
      'Credentials travel in the handshake payload (`auth`); for clients that cannot send one, `?token=` in the URL is an access token.',
      REFUSED_HANDSHAKE,
      'A request is answered by its ack, `{ ok: true, … }` or `{ ok: false, error: Error }`, once.',
    ].join('\n'),
    '### Handshake',
    table(
      ['Namespace', '`auth`'],
      [
        ['`/client`', typeOf(book.schemaOf(clientHandshakeSchema, 'input'))],
        ['`/agent`', typeOf(book.schemaOf(agentHandshakeSchema, 'input'))],
      ],
    ),
    '### Requests',
    ...(Object.keys(requests) as RequestName[]).flatMap((name) => requestEntry(name, book)),
    '### Server events',
    ...(Object.keys(serverEvents) as ServerEventName[]).flatMap((name) => eventEntry(name, book)),
  ];
}

function requestEntry(name: RequestName, book: SchemaBook): string[] {
  const { summary, from, payload, ack } = requests[name];
  const positive = ack ? typeOf(book.schemaOf(ack, 'output')) : 'nothing more than `ok`';
  return [
    `#### \`${name}\``,
    `${summary} From ${from.map((kind) => KINDS[kind]).join(' and ')}. Ack: ${positive}.`,
    ...fields(book.schemaOf(payload, 'input')),
  ];
}

function eventEntry(name: ServerEventName, book: SchemaBook): string[] {
  const { description = '', ...payload } = book.schemaOf(serverEvents[name], 'output');
  return [
    `#### \`${name}\` (server)`,
    payload.$ref === undefined ? description : `${description} Payload: ${typeOf(payload)}.`,
    ...(payload.$ref === undefined ? fields(payload) : []),
  ];
}

function fields(schema: JsonSchema): string[] {
  const rows = fieldRows(schema);
  return rows.length > 0 ? [table(FIELDS, rows)] : ['No fields.'];
}

function errorSection(book: SchemaBook): string[] {
  const problem = typeOf(book.schemaOf(problemSchema, 'output'));
  const error = typeOf(book.schemaOf(errorSchema, 'output'));
  const codes = Object.entries(ERROR_MEANINGS) as [keyof typeof ERROR_STATUS, string][];
  return [
    `REST answers \`application/problem+json\`, a ${problem}; sockets an ${error} in the ack.`,
    [
      'With `retry_after_ms` REST answers have a `Retry-After`, in seconds.',
      'Every REST answer tells what is left of the limit of which least is left: `RateLimit-Limit` and `RateLimit-Remaining` in',
      'calls, `RateLimit-Reset` in seconds. A connection that goes on beyond its limits is closed with `rate_limited`.',
    ].join('\n'),
    table(
      ['Code', 'Status', ''],
      codes.map(([code, meaning]) => [`\`${code}\``, `${ERROR_STATUS[code]}`, meaning]),
    ),
    'A `closing` event may carry any of these codes, and besides:',
    table(
      ['Code', ''],
      Object.entries(CLOSE_MEANINGS).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
  ];
}

function limitTable(): string {
  const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  return table(
    ['', ''],
    names.map((name) => {
      const limit = LIMITS[name];
      const value = typeof limit === 'number' ? format(limit) : `${limit.min} to ${limit.max}`;
      return [LIMIT_MEANINGS[name], value];
    }),
  );
}

function format(value: number): string {
  return value.toLocaleString('en');
}

function objectSection({ components }: SchemaBook): string[] {
  const names = Object.keys(components).sort();
  return names.flatMap((name) => [`### ${name}`, ...objectEntry(components[name] ?? {})]);
}

function objectEntry(schema: JsonSchema): string[] {
  const variants = schema['oneOf'];
  if (Array.isArray(variants)) return variantEntry(variants as JsonSchema[]);
  const notes = notesOf(schema);
  const rows = fieldRows(schema);
  return [...(notes ? [notes] : []), rows.length > 0 ? table(FIELDS, rows) : typeOf(schema)];
}

/** What all variants have, then what each adds under its `type`. */
function variantEntry(variants: JsonSchema[]): string[] {
  const [first, ...others] = variants.map((variant) => fieldRows(variant));
  const text = (row: string[]) => row.join();
  const shared = (first ?? []).filter((row) =>
    others.every((rows) => rows.some((other) => text(other) === text(row))),
  );
  const isShared = new Set(shared.map(text));
  return [
    table(FIELDS, shared),
    table(
      ['`type`', 'besides'],
      variants.map((variant) => [
        typeOf(variant.properties?.['type'] ?? {}),
        fieldRows(variant)
          .filter((row) => !isShared.has(text(row)) && row[0] !== '`type`')
          .map(([field, type]) => `${field} ${type}`)
          .join(', '),
      ]),
    ),
  ];
}
