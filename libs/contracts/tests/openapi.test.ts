import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import type { RouteContract, RouteName } from '../src';
import { ERROR_STATUS, openApiDocument, openApiServers, routes } from '../src';

const run = promisify(execFile);
const { resolve } = createRequire(__filename);

/** A command of a package, by its `bin`. */
function commandOf(name: string, command: string): string {
  const manifest = resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
  return join(dirname(manifest), bin[command] ?? '');
}

interface Operation {
  operationId: RouteName;
  tags: string[];
  security: object[];
  requestBody?: { content: Record<string, { schema?: unknown; example?: unknown }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { example?: unknown }> }>;
}
const document = openApiDocument() as {
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, { headers?: Record<string, unknown> }> };
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const operationOf = (name: RouteName) =>
  operations.find(({ operationId }) => operationId === name) as Operation;
const errorsOf = (name: RouteName) =>
  Object.values(operationOf(name).responses).flatMap(({ $ref }) => $ref?.split('/').at(-1) ?? []);

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('says of every new password what is refused besides its length', () => {
  const schemaOf = (name: RouteName) => {
    const { schema } = operationOf(name).requestBody?.content['application/json'] ?? {};
    return JSON.stringify(schema);
  };
  for (const name of ['register', 'changePassword', 'createUser', 'updateUser'] as const)
    expect(schemaOf(name)).toContain(
      'the most common passwords, one character repeated, the username',
    );
  expect(schemaOf('login')).not.toContain('common');
});

/** Fields of bodies, whether the server takes them, and what the document tells where no keyword can. */
const fields: [RouteName, Record<string, unknown>, 'taken' | 'refused' | RegExp][] = [
  ['register', { username: 'Bob' }, 'taken'],
  ['register', { username: ' bob\n' }, 'taken'],
  ['register', { username: 'b' }, 'refused'],
  ['register', { username: '\u212aate' }, 'refused'],
  ['createUser', { username: 'Bob' }, 'taken'],
  ['createConversation', { title: ' '.repeat(9) }, 'refused'],
  ['createConversation', { title: ` ${'x'.repeat(200)} ` }, 'taken'],
  ['createConversation', { title: 'x'.repeat(201) }, /At most 200 characters, without the spaces/],
  ['createConversation', { title: 'a\u0007b' }, /no control characters/],
  ['updateConversation', { title: '\t\n' }, 'refused'],
  ['updateConversation', { title: '\u202etxt' }, /none that set the direction of writing/],
  ['updateConversation', { tags: [' home '] }, 'taken'],
  ['updateConversation', { tags: [` ${'x'.repeat(32)} `] }, 'taken'],
  ['updateConversation', { tags: ['  '] }, 'refused'],
  ['createAgent', { name: '  ' }, 'refused'],
  ['createAgent', { name: ` ${'x'.repeat(80)}` }, 'taken'],
  ['updateAgent', { name: 'a\u0000b' }, /no control characters/],
  ['createAgentKey', { name: ' ' }, 'refused'],
  ['createAgentKey', { expires_at: '2030-01-01T00:00:00Z' }, 'taken'],
  ['createAgentKey', { expires_at: '2030-01-01T00:00:00.123456+02:00' }, 'taken'],
  ['createAgentKey', { expires_at: '2030-01-01' }, 'refused'],
];
it.each(fields)('tells of %s whether %j is taken', (name, field, outcome) => {
  const { content } = operationOf(name).requestBody ?? {};
  const { schema, example } = content?.['application/json'] ?? {};
  const body = { ...(example as object), ...field };
  const { body: contract } = routes[name] as RouteContract;
  expect(contract?.safeParse(body).success).toBe(outcome === 'taken');

  const whole = { $ref: 'doc#/wanted' };
  const ajv = addFormats(new Ajv2020({ strict: false }));
  ajv.addSchema({ $id: 'doc', ...document, wanted: schema });
  // By the keywords alone.
  expect(ajv.validate(whole, body)).toBe(outcome !== 'refused');
  if (!(outcome instanceof RegExp)) return;
  const [key = ''] = Object.keys(field);
  const { properties } = schema as { properties: Record<string, { description?: string }> };
  expect(properties[key]?.description).toMatch(outcome);
});

it('passes the strictest rules of Redocly, its examples included', async () => {
  const lint = [commandOf('@redocly/cli', 'redocly'), 'lint', file, '--extends=recommended-strict'];
  const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const { stderr } = await run(process.execPath, lint, { env: quiet, cwd: folder });
  expect(stderr).toMatch(/Your API description is valid/);
}, 120_000);

it('is a source of types that compile strictly', async () => {
  const types = join(folder, 'types.ts');
  const generate = [commandOf('openapi-typescript', 'openapi-typescript'), file, '-o', types];
  await run(process.execPath, generate);
  const use = join(folder, 'use.ts');
  writeFileSync(
    use,
    `import type { operations } from './types';
     type Send = operations['sendMessage'];
     export const body: Send['requestBody']['content']['application/json'] =
       { client_id: 'one', content: 'Hello' };
     export function seqOf(sent: Send['responses'][201]['content']['application/json']): number {
       return sent.message.seq;
     }
     export function codeOf(p: operations['login']['responses'][401]['content']['application/problem+json']): 'unauthorized' {
       return p.code;
     }
     // @ts-expect-error: a send has content
     export const none: typeof body = { client_id: 'one' };`,
  );
  const program = ts.createProgram([use], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    types: [],
    lib: ['lib.es2022.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  const problems = ts.getPreEmitDiagnostics(program);
  expect(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  ).toEqual([]);
}, 120_000);

const ofCaller: [RouteName, object[]][] = [
  ['login', []],
  ['createConversation', [{ accessToken: [] }]],
  ['sendMessage', [{ accessToken: [] }, { apiKey: [] }]],
  ['agentToken', [{ apiKey: [] }]],
  ['createAgent', [{ adminKey: [] }]],
];
it.each(ofCaller)('says whose credentials %s takes', (name, security) => {
  expect(operationOf(name).security).toEqual(security);
});

const ofRoute: [RouteName, string][] = [
  ['health', 'rate_limited internal'],
  [
    'login',
    'invalid_payload unauthorized payload_too_large unsupported_media_type rate_limited internal unavailable',
  ],
  ['getAgent', 'unauthorized forbidden not_found rate_limited internal unavailable'],
  [
    'listConversations',
    'invalid_payload unauthorized sync_token_expired rate_limited internal unavailable',
  ],
  [
    'addReaction',
    'invalid_payload unauthorized forbidden not_found conflict rate_limited internal unavailable',
  ],
  [
    'removeReaction',
    'invalid_payload unauthorized not_found conflict rate_limited internal unavailable',
  ],
  [
    'updateConversation',
    'invalid_payload unauthorized forbidden not_found conflict payload_too_large unsupported_media_type rate_limited internal unavailable',
  ],
];
it.each(ofRoute)('says what %s may be refused with', (name, codes) => {
  expect(errorsOf(name).join(' ')).toBe(codes);
});

it('has each error under its status, and says when to come back', () => {
  for (const { responses } of operations) {
    for (const [status, { $ref }] of Object.entries(responses)) {
      const code = $ref?.split('/').at(-1) as keyof typeof ERROR_STATUS | undefined;
      if (code) expect([code, status]).toEqual([code, String(ERROR_STATUS[code])]);
    }
  }
  const { responses } = document.components;
  const telling = Object.keys(responses).filter(
    (code) => responses[code]?.headers?.['Retry-After'],
  );
  expect(telling.sort()).toEqual(['rate_limited', 'unavailable']);
});

it('has every operation under one tag that is described', () => {
  const names = document.tags.map(({ name }) => name);
  for (const { tags } of operations)
    expect([1, true]).toEqual([tags.length, names.includes(tags[0] ?? '')]);
});

it('has an example of every body and of every answer', () => {
  for (const { operationId, requestBody, responses } of operations) {
    const route: RouteContract = routes[operationId];
    const answer = responses[route.status]?.content?.['application/json'];
    expect([operationId, Boolean(requestBody?.content['application/json']?.example)]).toEqual([
      operationId,
      Boolean(route.body),
    ]);
    const isDocument = ['openapi', 'asyncapi'].includes(operationId);
    expect([operationId, answer?.example !== undefined]).toEqual([
      operationId,
      Boolean(route.response) && !isDocument,
    ]);
  }
});

it('is about where it is served, unless a base path is known', () => {
  expect(document.servers[0]?.url).toBe('.');
  expect(openApiServers('/am')).toMatchObject([{ url: '/am' }]);
});
