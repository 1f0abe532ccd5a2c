import { createSchemaBook } from '../json-schema';
import { PROTOCOL_VERSION } from '../sockets';
import { catalogueMessages } from './catalogue';
import { plainChannels, plainMessages, plainOperations } from './plain-channels';
import { socketIoChannels, socketIoOperations } from './socket-io-channels';

/** The sockets as an AsyncAPI 3.0 document, from the gateway's point of view: Socket.IO and plain WebSocket. */
export function asyncApiDocument(): Record<string, unknown> {
  const book = createSchemaBook();
  const messages = { ...catalogueMessages(book), ...plainMessages(book) };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Agent Messenger',
      version: `${PROTOCOL_VERSION}`,
      description:
        'Live events between people and AI agents. Within a version changes are additive: ignore what you do not know. REST is described by /openapi.json.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: asyncApiServers(''),
    channels: Object.fromEntries([...socketIoChannels(book), ...plainChannels(book)]),
    operations: Object.fromEntries([...socketIoOperations(), ...plainOperations()]),
    components: { messages, schemas: book.components },
  };
}

/**
 * The document's `servers`.
 * @param basePath under which the gateway serves the sockets, or nothing
 */
export function asyncApiServers(basePath: string): Record<string, unknown> {
  return { secure: server('wss', basePath), plaintext: server('ws', basePath) };
}

function server(protocol: 'ws' | 'wss', pathname: string) {
  return {
    host: '{host}',
    protocol,
    ...(pathname && { pathname }),
    variables: { host: { default: 'localhost:8080', description: 'Of the gateway.' } },
  };
}
