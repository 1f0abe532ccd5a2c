import type { ComponentChildren } from 'preact';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';

/** The column of buttons, whose heading only those need who do not see them. */
export const ACTIONS = '';

interface TableProps<T> {
  /** What it is a table of, for those who do not see what is around it. */
  label: string;
  columns: readonly string[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** One cell for each column. */
  cells: (row: T) => readonly ComponentChildren[];
}

/** Scrolls by itself where it is too wide, by keyboard too. */
export function Table<T>({ label, columns, rows, keyOf, cells }: TableProps<T>) {
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column === ACTIONS ? (
                  <span class="visually-hidden">{words().console.actions}</span>
                ) : (
                  column
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {cells(row).map((cell, index) => (
                <td key={columns[index]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ListingProps<T> extends Omit<TableProps<T>, 'rows'> {
  listing: {
    items: T[] | null;
    hasMore: boolean;
    problem: string | null;
    isBusy: boolean;
    more: () => unknown;
  };
  empty: string;
}

/** A table that is loaded page by page. */
export function Listing<T>({ listing, empty, ...table }: ListingProps<T>) {
  const { items, hasMore, problem, isBusy, more } = listing;
  return (
    <>
      <Problem text={problem} />
      {items === null && isBusy && (
        <div class="spinner" role="status" aria-label={words().common.loading} />
      )}
      {items?.length === 0 && <p class="console-empty">{empty}</p>}
      {items !== null && items.length > 0 && <Table {...table} rows={items} />}
      {hasMore && (
        <Button onClick={() => void more()} disabled={isBusy}>
          {words().console.more}
        </Button>
      )}
    </>
  );
}

export function Problem({ text }: { text: string | null }) {
  return <div role="alert">{text !== null && <p class="note bad">{text}</p>}</div>;
}

/** A word with a colour that says the same. */
export function Badge({
  look,
  children,
}: {
  look: 'good' | 'bad' | 'warn' | 'plain';
  children: ComponentChildren;
}) {
  return <span class={`badge ${look}`}>{children}</span>;
}
