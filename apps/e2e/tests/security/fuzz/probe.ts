import { requests, routes, type RequestName, type RouteName } from '@agent-messenger/contracts';
import type { Transport } from '@agent-messenger/testkit';
import fc from 'fast-check';
import { byteMutations, mutations, trouble, type ByteMutation, type Mutation } from './mutations';

const ROUTES = Object.keys(routes) as RouteName[];
const REQUESTS = Object.keys(requests) as RequestName[];
const TRANSPORTS: Transport[] = ['socket.io', 'ws'];

/** Who calls a route. */
const CALLERS = ['right', 'right', 'right', 'right', 'right', 'other', 'none', 'trouble'] as const;
const METHODS = [
  ...Array.from({ length: 20 }, () => undefined),
  ...['POST', 'GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
];
const HEADERS: Record<string, string>[] = [
  ...Array.from({ length: 40 }, () => ({})),
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-7' },
  { 'content-type': 'application/json, application/json' },
  { 'content-type': '' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br, gzip' },
  { accept: 'image/*' },
  { origin: 'null' },
  { origin: 'http://evil.example', 'access-control-request-method': 'DELETE' },
  { expect: '100-continue' },
  { range: 'bytes=0-' },
  { 'if-none-match': '*' },
  { 'x-http-method-override': 'DELETE' },
  { 'x-forwarded-for': 'unknown, ::1, 999.1.1.1' },
  { traceparent: '00-zz-zz-01' },
  { 'x-request-id': '\u00e9\t%0a' },
];

export interface RestProbe {
  door: 'rest';
  name: RouteName;
  caller: (typeof CALLERS)[number];
  changes: Mutation[];
  /** Changes to the text of the body, when it is one of those. */
  bytes: ByteMutation[];
  method: string | undefined;
  headers: Record<string, string>;
}
/** A request of somebody who is connected. */
export interface RequestProbe {
  door: 'request';
  transport: Transport;
  name: RequestName;
  changes: Mutation[];
  /** Beside the payload, as Socket.IO's further arguments. */
  further: unknown[];
}
/** A frame that no client would send, of somebody who is connected. */
export interface FrameProbe {
  door: 'frame';
  transport: Transport;
  name: RequestName;
  isBinary: boolean;
  bytes: ByteMutation[];
}
/** What somebody presents who is not connected yet. */
export interface HandshakeProbe {
  door: 'handshake';
  transport: Transport;
  namespace: '/client' | '/agent';
  changes: Mutation[];
  bytes: ByteMutation[];
}
/** A WebSocket's frame. */
export interface FrameOfBytes {
  /** FIN, flags and opcode. */
  first: number;
  /** At most 125 bytes, so that its length is one byte. */
  payload: Uint8Array;
}
/** Bytes on a connection of their own: of a request, of an upgrade, or of a frame behind an upgrade. */
export interface BytesProbe {
  door: 'bytes';
  name: RouteName | 'upgrade';
  /** Of an upgrade. */
  transport: Transport;
  /** Changes to the frame if there is one, else to the request. */
  bytes: ByteMutation[];
  frame: FrameOfBytes | undefined;
  /** The connection is reset instead of waiting for what comes. */
  isReset: boolean;
}

export type Probe = RestProbe | RequestProbe | FrameProbe | HandshakeProbe | BytesProbe;

const sometimes = <T>(arbitrary: fc.Arbitrary<T[]>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary });
const transport = fc.constantFrom(...TRANSPORTS);

const frame: fc.Arbitrary<FrameOfBytes> = fc.record({
  // Text, binary, close, ping and pong as they should be, or anything.
  first: fc.oneof(fc.constantFrom(0x81, 0x82, 0x88, 0x89, 0x8a), fc.nat({ max: 255 })),
  payload: fc.uint8Array({ maxLength: 125 }),
});
const bytesProbe = (parts: {
  name: fc.Arbitrary<BytesProbe['name']>;
  frame: fc.Arbitrary<FrameOfBytes | undefined>;
}): fc.Arbitrary<BytesProbe> =>
  fc.record({
    door: fc.constant('bytes'),
    transport,
    bytes: byteMutations,
    isReset: fc.nat({ max: 3 }).map((which) => which === 0),
    ...parts,
  });

const ARBITRARIES: { [D in Probe['door']]: fc.Arbitrary<Extract<Probe, { door: D }>> } = {
  rest: fc.record({
    door: fc.constant('rest'),
    name: fc.constantFrom(...ROUTES),
    caller: fc.constantFrom(...CALLERS),
    changes: mutations,
    bytes: sometimes(byteMutations),
    method: fc.constantFrom(...METHODS),
    headers: fc.constantFrom(...HEADERS),
  }),
  request: fc.record({
    door: fc.constant('request'),
    transport,
    name: fc.constantFrom(...REQUESTS),
    changes: mutations,
    further: sometimes(fc.array(trouble, { maxLength: 3 })),
  }),
  frame: fc.record({
    door: fc.constant('frame'),
    transport,
    name: fc.constantFrom(...REQUESTS),
    isBinary: fc.nat({ max: 4 }).map((which) => which === 0),
    bytes: byteMutations,
  }),
  handshake: fc.record({
    door: fc.constant('handshake'),
    transport,
    namespace: fc.constantFrom('/client', '/agent'),
    changes: mutations,
    bytes: sometimes(byteMutations),
  }),
  bytes: fc.oneof(
    bytesProbe({ name: fc.constantFrom(...ROUTES), frame: fc.constant(undefined) }),
    bytesProbe({ name: fc.constant('upgrade'), frame: fc.option(frame, { nil: undefined }) }),
  ),
};

/** So many probes of a door, which follow from the seed. */
export function probesOf(seed: number, door: Probe['door'], count: number): Probe[] {
  return fc.sample(ARBITRARIES[door] as fc.Arbitrary<Probe>, { seed, numRuns: count });
}
