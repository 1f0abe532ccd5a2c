import type { SchemaBook } from '../json-schema';
import { agentHandshakeSchema, clientHandshakeSchema, REFUSED_HANDSHAKE } from '../sockets';
import type { Audience } from './catalogue';
import { ackKeyOf, AUDIENCES, keyOf, requestsOf, SERVER_EVENTS, serverKeyOf } from './catalogue';
import { ref } from './refs';

const HANDSHAKES = { client: clientHandshakeSchema, agent: agentHandshakeSchema };

export function socketIoChannels(book: SchemaBook): [string, unknown][] {
  return AUDIENCES.map((audience) => [audience, socketIoChannel(audience, book)]);
}

function socketIoChannel(audience: Audience, book: SchemaBook) {
  const keys = [
    ...requestsOf(audience).flatMap((request) => [keyOf(request), ackKeyOf(request)]),
    ...SERVER_EVENTS.map(serverKeyOf),
  ];
  return {
    address: `/${audience}`,
    title: `Socket.IO of ${audience === 'client' ? 'people' : 'agents'}`,
    description: [
      `A Socket.IO 4 namespace, over the WebSocket transport at \`/socket.io\`. Credentials travel in the handshake payload (\`auth\`, \`x-handshake\` here).`,
      REFUSED_HANDSHAKE,
      'A request is answered by its ack, once.',
    ].join('\n\n'),
    messages: Object.fromEntries(keys.map((key) => [key, ref('components', 'messages', key)])),
    'x-handshake': book.schemaOf(HANDSHAKES[audience], 'input'),
  };
}

export function socketIoOperations(): [string, unknown][] {
  return AUDIENCES.flatMap((audience) => {
    const message = (key: string) => ref('channels', audience, 'messages', key);
    const where = { channel: ref('channels', audience) };
    return [
      ...requestsOf(audience).map((request): [string, unknown] => [
        `${audience}.${keyOf(request)}`,
        {
          action: 'receive',
          ...where,
          messages: [message(keyOf(request))],
          reply: { ...where, messages: [message(ackKeyOf(request))] },
        },
      ]),
      ...SERVER_EVENTS.map((event): [string, unknown] => [
        `${audience}.${serverKeyOf(event)}`,
        { action: 'send', ...where, messages: [message(serverKeyOf(event))] },
      ]),
    ];
  });
}
