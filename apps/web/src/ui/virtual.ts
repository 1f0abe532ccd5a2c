import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import { options as preact } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';
import { heightOf, NewRows, type List } from './new-rows';

type Options = Omit<
  VirtualizerOptions<HTMLElement, HTMLElement>,
  'observeElementRect' | 'observeElementOffset' | 'scrollToFn' | 'measureElement' | 'onChange'
>;

interface Virtual {
  list: List;
  /** For the layout effect of a row that has come into the page. */
  measure: (row: HTMLElement | null) => void;
  /** For layout effects: the end is in view in the same frame, and stays there when its row grows at once. */
  toEnd: () => void;
  /** The row is in view, and in the page when this returns. */
  toRow: (index: number) => void;
}

/** A list of which only what can be seen is in the page. `getItemKey` should be the same while the rows are. */
export function useVirtual(options: Options): Virtual {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  const [newRows] = useState(() => new NewRows());
  const all: VirtualizerOptions<HTMLElement, HTMLElement> = {
    observeElementRect: (_list, onRect) =>
      observeElementRect(list, (rect) => {
        const wasAtEnd = list.options.anchorTo === 'end' && isAtEndOf(list);
        onRect(rect);
        // Of a window that became lower, or a text below that became longer.
        if (wasAtEnd) toEnd();
      }),
    observeElementOffset,
    scrollToFn: elementScroll,
    measureElement: (row, entry, { measurementsCache }) => {
      // Without an entry it has just come, and is measured with the others that have.
      const known = measurementsCache[Number(row.dataset['index'])];
      return entry || !known ? heightOf(row) : known.size;
    },
    ...options,
    onChange: (_list, sync) => {
      if (newRows.isMeasuring) return;
      // The list has moved its scroll position: rows in other places must be in the same frame.
      if (sync) renderNow(() => renderAgain(undefined));
      else renderAgain(undefined);
    },
  };
  const [list] = useState(() => {
    const made: List = new Virtualizer(all);
    made.shouldAdjustScrollPositionOnItemSizeChange = (row) =>
      newRows.isAbove(row, made.scrollOffset ?? 0);
    return made;
  });
  const [measure] = useState(() => (row: HTMLElement | null) => {
    if (!row) return;
    newRows.add(row);
    list.measureElement(row);
  });
  if (options.getItemKey !== list.options.getItemKey) catchUp(list);
  list.setOptions(all);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => {
    if (newRows.measure(list)) renderNow(() => renderAgain(undefined));
    list._willUpdate();
    settle();
  });
  /** Where the list was scrolled to a moment ago is what its rows are rendered for. */
  function settle(): void {
    if (catchUp(list)) renderNow(() => renderAgain(undefined));
  }
  function toEnd(): void {
    list.scrollToEnd();
    settle();
  }
  function toRow(index: number): void {
    list.scrollToIndex(index);
    settle();
  }
  return { list, measure, toEnd, toRow };
}

/** Whether the end was in view, as high as the list was when that was looked at last. */
function isAtEndOf({ scrollElement, scrollRect, scrollOffset, options }: List): boolean {
  if (!scrollElement || !scrollRect) return false;
  const end = (scrollOffset ?? 0) + scrollRect.height;
  return scrollElement.scrollHeight - end <= options.scrollEndThreshold;
}

/**
 * Scrolling is told of with the next frame: rows that come or grow before it would undo what was scrolled since the
 * last one. Returns whether anything was.
 */
function catchUp(list: List): boolean {
  const [row] = list.getVirtualItems();
  if (!list.scrollElement || !row) return false;
  // Corrections that wait for the end of a touch: rows are shown moved by them.
  const held = (list.measurementsCache[row.index]?.start ?? row.start) - row.start;
  const offset = list.scrollElement.scrollTop + held;
  const isBehind = Math.abs(offset - (list.scrollOffset ?? 0)) > 1;
  list.scrollOffset = offset;
  return isBehind;
}

/** What `change` leads to is in the page when this returns. */
function renderNow(change: () => void): void {
  const { debounceRendering } = preact;
  preact.debounceRendering = (render) => render();
  change();
  if (debounceRendering) preact.debounceRendering = debounceRendering;
  else delete preact.debounceRendering;
}
