/** Rows by the conversation that they are of, each in the order in which they came. */
export function byConversation<Row extends { conversation: string }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.conversation);
    if (group) group.push(row);
    else groups.set(row.conversation, [row]);
  }
  return groups;
}
