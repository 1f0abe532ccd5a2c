import type { Conversation } from '@agent-messenger/sdk/browser';

export type Shown = 'all' | 'unread' | 'archived';

/** Those that a list shows: all words of the query are in title, names or tags. */
export function filtered(
  all: readonly Conversation[],
  shown: Shown,
  query: string,
): readonly Conversation[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return all.filter((conversation) => {
    const { archived, unread_count, title, members, tags } = conversation;
    if (archived !== (shown === 'archived')) return false;
    if (shown === 'unread' && unread_count === 0) return false;
    if (words.length === 0) return true;
    const text = fold([title ?? '', ...members.map(({ name }) => name), ...tags].join(' '));
    return words.every((word) => text.includes(word));
  });
}

/** Without case and accents: whoever types "muller" finds "Müller". */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
