import DOMPurify from 'dompurify';
import highlighter from 'highlight.js/lib/common';
import { trustedTypesPolicy } from '../../trusted-types';

/** Beyond this the page would stand still for longer than the colours are worth. */
const LONGEST = 50_000;

/** Null for a language that is not known, and for what is too long. */
export function highlight(text: string, language: string): DocumentFragment | null {
  if (!highlighter.getLanguage(language) || text.length > LONGEST) return null;
  const { value } = highlighter.highlight(text, { language, ignoreIllegals: true });
  return DOMPurify.sanitize(value, {
    ALLOWED_TAGS: ['span'],
    ALLOWED_ATTR: ['class'],
    RETURN_DOM_FRAGMENT: true,
    TRUSTED_TYPES_POLICY: trustedTypesPolicy as never,
  });
}
