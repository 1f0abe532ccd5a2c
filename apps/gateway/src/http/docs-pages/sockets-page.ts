import type { JsonSchema } from '@agent-messenger/contracts';
import { documents } from '../documents';
import { escapeHtml, inlineCode, page, paragraphs } from './html';
import { messageAnchor, objectAnchor, schemaHtml } from './schema-html';

interface Reference {
  $ref: string;
}
interface Channel {
  address: string;
  title: string;
  description: string;
  'x-handshake'?: JsonSchema;
}
interface Operation {
  action: 'send' | 'receive';
  channel: Reference;
  messages: Reference[];
  reply?: { messages: Reference[] };
}
interface Message {
  name: string;
  summary?: string;
  payload: JsonSchema;
}
interface AsyncApi {
  info: { description: string };
  channels: Record<string, Channel>;
  operations: Record<string, Operation>;
  components: { messages: Record<string, Message>; schemas: Record<string, JsonSchema> };
}

/** The AsyncAPI document as HTML that needs no script. */
export function socketsPage(): string {
  const document = JSON.parse(documents.asyncapi) as AsyncApi;
  const { info, channels, components } = document;
  const sections = Object.entries(channels).map(([name, channel]) =>
    channelSection(name, channel, document),
  );
  const messages = Object.entries(components.messages).map(([key, { name, summary, payload }]) =>
    disclosure(messageAnchor(key), key, [
      paragraphs(summary ?? `\`${name}\``),
      schemaHtml(payload),
    ]),
  );
  const objects = Object.entries(components.schemas).map(([name, schema]) =>
    disclosure(objectAnchor(name), name, [schemaHtml(schema)]),
  );
  return page({
    title: 'Agent Messenger: sockets',
    current: 'sockets',
    main: [
      '<h1>Sockets</h1>',
      paragraphs(info.description),
      ...sections,
      '<h2>Messages</h2>',
      ...messages,
      '<h2>Objects</h2>',
      ...objects,
    ].join('\n'),
  });
}

function channelSection(name: string, channel: Channel, document: AsyncApi): string {
  const own = Object.values(document.operations).filter(
    (operation) => lastOf(operation.channel) === name,
  );
  const listOf = (action: Operation['action']) =>
    own.filter((one) => one.action === action).map((one) => operationRow(one, document));
  const handshake = channel['x-handshake'];
  return [
    `<h2>${escapeHtml(channel.title)} <code>${escapeHtml(channel.address)}</code></h2>`,
    paragraphs(channel.description),
    ...(handshake ? ['<h3>Handshake</h3>', schemaHtml(handshake)] : []),
    '<h3>The client sends</h3>',
    tableOf(['Message', '', 'Answered by'], listOf('receive')),
    '<h3>The server sends</h3>',
    tableOf(['Message', ''], listOf('send')),
  ].join('\n');
}

function operationRow({ messages, reply }: Operation, { components }: AsyncApi): string[] {
  const keys = messages.map(lastOf);
  const summaries = keys.map((key) => {
    const plain = key.replace('frame.', '');
    return components.messages[key]?.summary ?? components.messages[plain]?.summary ?? '';
  });
  return [
    keys.map(messageLink).join(', '),
    inlineCode(summaries.join(' ')),
    ...(reply ? [reply.messages.map((one) => messageLink(lastOf(one))).join(', ')] : []),
  ];
}

function tableOf(head: string[], rows: string[][]): string {
  const row = (cells: string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => row(cells, 'td')).join('');
  return `<div class="scroll"><table>${row(head, 'th')}${body}</table></div>`;
}

/** The anchor is within: browsers open what a link leads into. */
function disclosure(id: string, title: string, content: string[]): string {
  return [
    `<details><summary><code>${escapeHtml(title)}</code></summary>`,
    `<div id="${id}">${content.join('\n')}</div></details>`,
  ].join('\n');
}

const messageLink = (key: string) => `<a href="#${messageAnchor(key)}">${escapeHtml(key)}</a>`;
const lastOf = ({ $ref }: Reference) => $ref.slice($ref.lastIndexOf('/') + 1);
