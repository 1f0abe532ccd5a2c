import { useState } from 'preact/hooks';
import { words } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Field } from '../../ui/field';
import { CopyButton } from '../copy-button';
import { gatewayRoot } from '../operator';
import { snippet, SNIPPETS, type SnippetName } from './snippets';

/** Programs to paste for an agent that was just created. @param address of a gateway, empty when it is not known */
export function SnippetPane({ apiKey, address }: { apiKey: string; address: string }) {
  const w = words().console.agents;
  const [url, setUrl] = useState(address);
  const [name, setName] = useState<SnippetName>('TypeScript');
  const hints = {
    TypeScript: w.runTypeScript,
    Python: w.runPython,
    curl: w.runCurl,
    OpenAI: w.runOpenAi,
    Webhook: w.runWebhook,
    Telegram: w.runTelegram,
  };
  const code = snippet(name, url.replace(/\/+$/, ''), apiKey);
  return (
    <>
      <Field
        label={w.address}
        type="url"
        placeholder="https://chat.example"
        value={url}
        onInput={(event) => setUrl(event.currentTarget.value)}
      />
      <div class="snippet">
        <div class="snippet-head" role="group" aria-label={w.snippets}>
          {SNIPPETS.map((each) => (
            <Button
              key={each}
              small
              look="quiet"
              aria-pressed={each === name}
              onClick={() => setName(each)}
            >
              {each}
            </Button>
          ))}
          <span class="section-space" />
          <CopyButton key={name} text={code} />
        </div>
        <pre tabIndex={0} aria-label={name}>
          <code>{code}</code>
        </pre>
      </div>
      <p class="console-muted">{hints[name]}</p>
    </>
  );
}

/** Where this page is, if people are there too; nothing on an internal port, which leads to no gateway's public one. */
export async function publicAddress(): Promise<string> {
  const answer = await fetch(`${gatewayRoot()}/health`).catch(() => undefined);
  return answer?.ok ? gatewayRoot() : '';
}
