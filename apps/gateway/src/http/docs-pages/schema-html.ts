import type { JsonSchema } from '@agent-messenger/contracts';
import { notesOf, typeOf } from '@agent-messenger/contracts';
import { escapeHtml, inlineCode } from './html';

const OBJECT = '#/components/schemas/';
const MESSAGE = /^#\/components\/messages\/(.+)\/payload$/;

/** A table of the fields of an object; for everything else its type. */
export function schemaHtml(schema: JsonSchema): string {
  const variants = schema['oneOf'] ?? schema['anyOf'];
  if (Array.isArray(variants) && !schema.properties)
    return (variants as JsonSchema[]).map(schemaHtml).join('\n<p>or</p>\n');
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(
    ([name, property]) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required.includes(name) ? '' : ' <small>optional</small>'}</td>` +
      `<td>${typeHtml(property)}</td><td>${inlineCode(notesOf(property))}</td></tr>`,
  );
  if (rows.length > 0)
    return `<div class="scroll"><table><tr><th>Field</th><th>Type</th><th></th></tr>${rows.join('')}</table></div>`;
  return schema.type === 'object' && !schema['additionalProperties']
    ? '<p>No fields.</p>'
    : `<p>${typeHtml(schema)} ${inlineCode(notesOf(schema))}</p>`;
}

/** The names of references are marked while the rest is still to be escaped. */
function typeHtml(schema: JsonSchema): string {
  const marked = typeOf(schema, (ref) => `\u0000${ref}\u0000`);
  return marked
    .split('\u0000')
    .map((part, index) => (index % 2 === 0 ? escapeHtml(part) : linkTo(part)))
    .join('');
}

function linkTo(ref: string): string {
  const [, message] = MESSAGE.exec(ref) ?? [];
  if (message !== undefined)
    return `<a href="#${messageAnchor(message)}">payload of ${escapeHtml(message)}</a>`;
  const name = ref.replace(OBJECT, '');
  return `<a href="#${objectAnchor(name)}">${escapeHtml(name)}</a>`;
}

export const objectAnchor = (name: string) => `object-${escapeHtml(name)}`;
export const messageAnchor = (key: string) => `message-${escapeHtml(key)}`;
