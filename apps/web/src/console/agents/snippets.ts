export const SNIPPETS = ['TypeScript', 'Python', 'curl', 'OpenAI', 'Webhook', 'Telegram'] as const;
export type SnippetName = (typeof SNIPPETS)[number];

/** A whole program that answers people, with this key in it. @param url of the gateway, without a slash at its end */
export function snippet(name: SnippetName, url: string, apiKey: string): string {
  const make = {
    TypeScript: typescript,
    Python: python,
    curl,
    OpenAI: openai,
    Webhook: webhook,
    Telegram: telegram,
  };
  return make[name](url, apiKey);
}

function typescript(url: string, apiKey: string): string {
  return `import { connectAgent } from '@agent-messenger/sdk';

${connected(url, apiKey)}
agent.onMessage((message, conversation) => conversation.send(\`You wrote: \${message.content}\`));
`;
}

/** By any server that speaks that protocol; the library reads its address from OPENAI_BASE_URL. */
function openai(url: string, apiKey: string): string {
  return `import { connectAgent } from '@agent-messenger/sdk';
import OpenAI from 'openai';

const { OPENAI_API_KEY = 'none', MODEL: model } = process.env;
const openai = new OpenAI({ apiKey: OPENAI_API_KEY });

${connected(url, apiKey)}
agent.onMessage(async (message, conversation, { signal }) => {
  conversation.activity('thinking');
  const messages = await conversation.history({ limit: 20 });
  const answer = conversation.stream({ reply_to: message.id });
  const chunks = await openai.chat.completions.create({ model, messages, stream: true }, { signal });
  for await (const { choices } of chunks) answer.append(choices[0]?.delta?.content ?? '');
  await answer.end();
});
`;
}

/** Hands messages over by HTTP, and brings back what is answered. */
function webhook(url: string, apiKey: string): string {
  return `import { connectAgent } from '@agent-messenger/sdk';

${connected(url, apiKey)}
agent.onMessage(async (message, conversation, { signal }) => {
  const response = await fetch(process.env.WEBHOOK_URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(message),
    signal,
  });
  if (!response.ok) throw new Error(\`the webhook answered \${response.status}\`);
  const { content } = await response.json();
  if (content) await conversation.send(content);
});
`;
}

/**
 * Hands messages over to a chat of Telegram, and brings back what is replied there. What a reply belongs to stands in
 * what it replies to, and an answer has the name of its update: the program can be started anew at any time.
 */
function telegram(url: string, apiKey: string): string {
  return `import { connectAgent } from '@agent-messenger/sdk';
import { setTimeout as delay } from 'node:timers/promises';

const { TELEGRAM_TOKEN, TELEGRAM_CHAT, TELEGRAM_API = 'https://api.telegram.org' } = process.env;
async function call(method, body) {
  const response = await fetch(\`\${TELEGRAM_API}/bot\${TELEGRAM_TOKEN}/\${method}\`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { ok, result, description } = await response.json();
  if (!ok) throw new Error(description);
  return result;
}

${connected(url, apiKey)}
agent.onMessage(async (message, conversation) => {
  const text = \`\${message.content.slice(0, 4000)}\\n\\n\${conversation.id}\`;
  await call('sendMessage', { chat_id: TELEGRAM_CHAT, text });
});
for (let offset = 0; ;) {
  const updates = await call('getUpdates', { offset, timeout: 50 }).catch(async (error) => {
    console.error(error.message);
    await delay(5_000);
    return [];
  });
  for (const { update_id, message } of updates) {
    const id = message?.reply_to_message?.text?.match(/cnv_[\\w-]+$/)?.[0];
    const isOurs = String(message?.chat.id) === TELEGRAM_CHAT;
    if (id && isOurs && message.text) {
      const options = { client_id: \`telegram-\${update_id}\` };
      await agent.conversation(id).send(message.text, options).catch(console.error);
    }
    offset = update_id + 1;
  }
}
`;
}

function connected(url: string, apiKey: string): string {
  return `const agent = await connectAgent({
  url: ${JSON.stringify(url)},
  apiKey: ${JSON.stringify(apiKey)},
});`;
}

function python(url: string, apiKey: string): string {
  return `from agent_messenger import Agent

agent = Agent(${JSON.stringify(url)}, api_key=${JSON.stringify(apiKey)})

@agent.on_message
async def answer(message, conversation):
    await conversation.send(f"You wrote: {message.content}")

agent.run()
`;
}

/**
 * By REST alone: asks every second, and answers what is not read yet. An answer has its question's name: no repetition
 * doubles it.
 */
function curl(url: string, apiKey: string): string {
  return `URL=${quoted(url)}
KEY=${quoted(apiKey)}
call() { curl -sS -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' "$@"; }
while sleep 1; do
  call "$URL/conversations" | jq -c '.conversations[]? | select(.unread_count > 0 and .last_message.sender.kind == "user")' |
  while read -r conversation; do
    at="$URL/conversations/$(echo "$conversation" | jq -r .id)"
    echo "$conversation" | jq '{client_id: "re:\\(.last_message.id)", content: "You wrote: \\(.last_message.content)"}' |
      call -o /dev/null -d @- "$at/messages"
    echo "$conversation" | jq '{seq: .last_message.seq}' | call -o /dev/null -d @- "$at/read"
  done
done
`;
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
