/** Puts text on the clipboard. Pages that came without TLS have no clipboard of their own, and select it instead. */
export async function copyText(text: string): Promise<void> {
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard) return clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  // Within a modal dialog nothing outside of it can be selected.
  const place = document.activeElement?.closest('dialog') ?? document.body;
  const before = document.activeElement;
  place.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
}
