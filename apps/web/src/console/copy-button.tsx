import { useState } from 'preact/hooks';
import { words } from '../i18n/i18n';
import { Button } from '../ui/button';
import { copyText } from '../ui/copy-text';
import { Icon } from '../ui/icon';

/** How long it says that it has. */
const SAYS_MS = 2_000;

export function CopyButton({ text }: { text: string }) {
  const { copy, copied } = words().common;
  const [isCopied, setCopied] = useState(false);
  async function put(): Promise<void> {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SAYS_MS);
  }
  return (
    <>
      <Button small onClick={() => void put()}>
        <Icon name={isCopied ? 'check' : 'copy'} small />
        {copy}
      </Button>
      <span role="status" class="visually-hidden">
        {isCopied && copied}
      </span>
    </>
  );
}
