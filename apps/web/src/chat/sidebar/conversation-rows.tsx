import type { ComponentChildren } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { Conversation } from '@agent-messenger/sdk/browser';
import { words } from '../../i18n/i18n';
import { useVirtual } from '../../ui/virtual';
import { useMessenger } from '../messenger-context';
import { ConversationRow } from './conversation-row';

/** As in sidebar.css: it grows with the size of text that the person has chosen. */
const ROW_REM = 4.5;

interface RowsProps {
  conversations: readonly Conversation[];
  openId: string | null;
  empty: ComponentChildren;
}

/** Tens of thousands are no more work than those that can be seen. */
export function ConversationRows({ conversations, openId, empty }: RowsProps) {
  const { route } = useMessenger();
  const scroller = useRef<HTMLDivElement>(null);
  const [rowPx] = useState(
    () => ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const { list, toRow } = useVirtual({
    count: conversations.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    getItemKey: useCallback((index: number) => conversations[index]?.id ?? index, [conversations]),
    overscan: 8,
  });
  // The same for all and each time: a row whose conversation has not changed is not drawn again while the list is
  // scrolled.
  const open = useCallback((id: string) => route.go(id), [route]);

  function move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const focused = document.activeElement?.getAttribute('data-id') ?? openId;
    const from = conversations.findIndex(({ id }) => id === focused);
    const next = Math.min(conversations.length - 1, Math.max(0, from + step));
    toRow(next);
    const id = conversations[next]?.id ?? '';
    const row = scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    row?.focus({ preventScroll: true });
  }

  const isEmpty = conversations.length === 0;
  const tabStop = conversations.some(({ id }) => id === openId) ? openId : conversations[0]?.id;
  return (
    // Without rows there is nothing in it by which a keyboard could scroll what it says instead.
    <div ref={scroller} class="rows" onKeyDown={move} {...(isEmpty && { tabIndex: 0 })}>
      {isEmpty && empty}
      <ul
        aria-label={words().list.title}
        style={{ height: `${list.getTotalSize()}px` }}
        hidden={isEmpty}
      >
        {list.getVirtualItems().map(({ index, key, start }) => {
          const conversation = conversations[index];
          if (!conversation) return null;
          return (
            <li key={key} style={{ transform: `translateY(${start}px)` }}>
              <ConversationRow
                conversation={conversation}
                isOpen={conversation.id === openId}
                isTabStop={conversation.id === tabStop}
                onOpen={open}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
