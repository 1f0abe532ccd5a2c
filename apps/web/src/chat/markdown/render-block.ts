import DOMPurify, { type Config } from 'dompurify';
import { trustedTypesPolicy } from '../../trusted-types';
import { htmlOf, type Block } from './blocks';
import { dressCode } from './code-block';

/**
 * What text may become. No images: they would ask other servers; no forms, styles or ids: nothing of ours is imitated.
 */
const allowed: Config = {
  ALLOWED_TAGS: [
    ...['a', 'p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'pre', 'blockquote'],
    ...['ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'input'],
  ],
  ALLOWED_ATTR: ['href', 'title', 'start', 'align', 'type', 'checked', 'disabled', 'class'],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  // No addresses: what they say is not looked at as one.
  ADD_URI_SAFE_ATTR: ['start', 'align', 'type', 'checked', 'disabled'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
  TRUSTED_TYPES_POLICY: trustedTypesPolicy as never,
};

/** A block as a tree that is safe to show. @param isGrowing more of its text is on its way */
export function renderBlock(block: Block, isGrowing: boolean): DocumentFragment {
  const tree = DOMPurify.sanitize(htmlOf(block), { ...allowed, RETURN_DOM_FRAGMENT: true });
  for (const link of tree.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
  }
  for (const box of tree.querySelectorAll('input')) {
    // Task lists; nothing else is an input.
    if (box.type !== 'checkbox') box.remove();
    else box.disabled = true;
    box.setAttribute('aria-label', box.checked ? '✓' : '–');
  }
  for (const table of tree.querySelectorAll('table')) {
    const frame = document.createElement('div');
    frame.className = 'table-frame';
    frame.tabIndex = 0;
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const code of tree.querySelectorAll<HTMLElement>('pre > code')) dressCode(code, isGrowing);
  return tree;
}
