/** Of a message, and of what an event carries besides: what a page is mostly made of. */
const BYTES = `coalesce(octet_length(content), 0) + coalesce(octet_length(metadata), 0)
  + coalesce(octet_length(actions), 0) + coalesce(octet_length(reactions), 0)`;

/**
 * SQL: of these rows, in order, those before which less than so many bytes of texts come, so that a page of the largest
 * messages is not fetched to be thrown away. `is_last`: none was left out after it.
 */
export function withinBytes(
  select: string,
  { order, maxBytes }: { order: string; maxBytes: string },
): string {
  return `SELECT * FROM (
      SELECT *, sum(${BYTES}) OVER (ORDER BY ${order}) - (${BYTES}) AS bytes_before,
        row_number() OVER (ORDER BY ${order}) = count(*) OVER () AS is_last
      FROM (${select}) found) numbered
    WHERE bytes_before <= ${maxBytes}::bigint ORDER BY ${order}`;
}
