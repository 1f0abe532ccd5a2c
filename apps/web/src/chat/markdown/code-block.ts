import { words } from '../../i18n/i18n';
import { copyText } from '../../ui/copy-text';

/** A frame with the language and a button that copies; colours as soon as the highlighter is there. */
export function dressCode(code: HTMLElement, isGrowing: boolean): void {
  const language = /language-([\w+#-]+)/.exec(code.className)?.[1] ?? '';
  const pre = code.parentElement!;
  const frame = document.createElement('div');
  frame.className = 'code';
  const head = document.createElement('div');
  head.className = 'code-head';
  const name = document.createElement('span');
  name.textContent = language;
  head.append(name, copyButton(code));
  pre.tabIndex = 0;
  pre.replaceWith(frame);
  frame.append(head, pre);
  // Half a block has other colours than the whole; and text that grows would be highlighted at each token.
  if (!isGrowing && language !== '') void colour(code, language);
}

function copyButton(code: HTMLElement): HTMLButtonElement {
  const { copy, copied } = words().common;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'code-copy';
  button.textContent = copy;
  button.addEventListener('click', () => {
    void copyText(code.textContent).then(() => {
      button.textContent = copied;
      setTimeout(() => (button.textContent = copy), 2_000);
    });
  });
  return button;
}

async function colour(code: HTMLElement, language: string): Promise<void> {
  const { highlight } = await import('./highlight');
  const tree = highlight(code.textContent, language);
  if (tree) code.replaceChildren(tree);
}
