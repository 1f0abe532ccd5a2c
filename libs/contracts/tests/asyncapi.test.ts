import schema from '@asyncapi/specs/schemas/3.0.0.json';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020';
import { asyncApiDocument, asyncApiServers, CLOSE_STATUS } from '../src';

interface Channel {
  address: string;
  description: string;
  messages: Record<string, { $ref: string }>;
  bindings?: { ws: { query: { properties: Record<string, unknown> } } };
  'x-close-codes'?: Record<string, number>;
}
const document = asyncApiDocument() as {
  components: Record<string, Record<string, unknown>>;
  channels: Record<string, Channel>;
  operations: Record<
    string,
    { channel: { $ref: string }; reply?: { messages: { $ref: string }[] } }
  >;
};
const isDocument = addFormats(
  new Ajv({ strict: false, meta: false, validateSchema: false }),
).compile(schema);

const ajv = addFormats(new Ajv2020({ strict: false }));
ajv.addSchema({ $id: 'doc', ...document });
/** Whether a frame is what a message of the document says. */
function fits(key: string, frame: unknown): boolean {
  return ajv.validate(
    { $ref: `doc#/components/messages/${encodeURIComponent(key)}/payload` },
    frame,
  ) as boolean;
}

it('is a valid AsyncAPI 3.0 document', () => {
  isDocument(document);
  expect(isDocument.errors).toBeNull();
  expect(isDocument({ ...document, channels: { client: { address: 1 } } })).toBe(false);
});

it('has only keys that AsyncAPI allows: the schema of 3.0 does not look at them', () => {
  const { components, channels, operations } = document;
  const keys = [...Object.values(components), channels, operations].flatMap(Object.keys);
  const inChannels = Object.values(channels).flatMap(({ messages }) => Object.keys(messages));
  expect([...keys, ...inChannels].filter((key) => !/^[a-zA-Z0-9._-]+$/.test(key))).toEqual([]);
});

it('has the two ways in of people and of agents, with the same events', () => {
  const addresses = Object.entries(document.channels).map(([name, { address }]) => [name, address]);
  expect(Object.fromEntries(addresses)).toEqual({
    client: '/client',
    agent: '/agent',
    'client.plain': '/client/connect',
    'agent.plain': '/agent/connect',
  });
  for (const audience of ['client', 'agent']) {
    const frames = Object.keys(document.channels[`${audience}.plain`]?.messages ?? {});
    const events = Object.keys(document.channels[audience]?.messages ?? {});
    expect(frames.sort()).toEqual(
      [
        ...events.map((key) => `frame.${key}`),
        ...[`frame.auth.${audience}`, 'frame.auth.ack', 'frame.error'],
      ].sort(),
    );
  }
});

it.each([
  ['frame.auth.agent', { type: 'auth', data: { api_key: 'amk_1_2' } }],
  ['frame.auth.client', { type: 'auth', data: { token: 't', max_frame_bytes: 65_536 } }],
  ['frame.auth.agent', { type: 'auth', data: { api_key: 'amk_1_2' }, id: 'a' }],
  ['frame.auth.ack', { type: 'ack', data: { ok: true }, id: 'a' }],
  ['frame.read', { type: 'read', data: { conversation_id: 'cnv_1', seq: 2 }, id: 7 }],
  ['frame.read.ack', { type: 'ack', data: { ok: true }, id: 7 }],
  [
    'frame.read.ack',
    { type: 'ack', data: { ok: false, error: { code: 'not_found', message: '' } }, id: 'a' },
  ],
  ['frame.server.draining', { type: 'draining', data: { reconnect_after_ms: 5 } }],
  ['frame.error', { type: 'error', data: { code: 'unauthorized', message: 'No.' } }],
])('%s is a frame of plain WebSocket: %j', (key, frame) => {
  expect(fits(key, frame)).toBe(true);
  expect(fits(key, { ...frame, type: 'other' })).toBe(false);
  expect(fits(key, { type: frame.type })).toBe(false);
});

it('refuses an ack without an id, and one without an answer', () => {
  expect(fits('frame.read.ack', { type: 'ack', data: { ok: true } })).toBe(false);
  expect(fits('frame.read.ack', { type: 'ack', data: {}, id: 7 })).toBe(false);
});

it('takes a token in the URL from people, and nothing from agents', () => {
  const queryOf = (name: string) =>
    Object.keys(document.channels[name]?.bindings?.ws.query.properties ?? {});
  expect(queryOf('client.plain')).toEqual(['token', 'compact', 'max_frame_bytes', 'retry_hints']);
  expect(queryOf('agent.plain')).toEqual([]);
});

it('says which close code has which reasons', () => {
  const { description, 'x-close-codes': codes } = document.channels['agent.plain'] as Channel;
  expect(codes).toEqual(CLOSE_STATUS);
  for (const status of Object.values(CLOSE_STATUS)) expect(description).toContain(`${status} `);
});

it('says who is told when to come back after a refusal that passes', () => {
  for (const name of ['client', 'agent']) {
    const { description } = document.channels[name] as Channel;
    expect(description).toMatch(/with `retry_after_ms` .* for clients that say `retry_hints: 1`/);
    expect(description).toMatch(/for others the transport ends without it/);
  }
});

it('answers every request on the channel that it came by', () => {
  for (const { channel, reply } of Object.values(document.operations)) {
    for (const { $ref } of reply?.messages ?? []) expect($ref).toContain(`${channel.$ref}/`);
  }
});

it('names the path under which the gateway is', () => {
  expect(asyncApiServers('/am')).toMatchObject({ secure: { pathname: '/am' } });
});
