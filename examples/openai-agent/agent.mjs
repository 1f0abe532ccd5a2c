// Answers by a model behind an OpenAI-compatible endpoint; people see the answer while it is written, and can stop it.
// AGENT_API_KEY=amk_… OPENAI_BASE_URL=http://127.0.0.1:11434/v1 MODEL=… node examples/openai-agent/agent.mjs
import { connectAgent } from '@agent-messenger/sdk';
import OpenAI from 'openai';

const {
  AGENT_MESSENGER_URL: url = 'http://127.0.0.1:8080',
  AGENT_API_KEY: apiKey,
  OPENAI_BASE_URL: baseURL,
  // Servers of your own often want none; the library wants one.
  OPENAI_API_KEY = 'none',
  MODEL: model = 'stand-in',
  SYSTEM = 'You answer briefly.',
} = process.env;

const openai = new OpenAI({ baseURL, apiKey: OPENAI_API_KEY });
const agent = await connectAgent({ url, apiKey });

agent.onMessage(async (message, conversation, { signal }) => {
  conversation.activity('thinking');
  const history = await conversation.history({ limit: 20 });
  const answer = conversation.stream({ reply_to: message.id });
  const completion = await openai.chat.completions.create(
    {
      model,
      messages: [{ role: 'system', content: SYSTEM }, ...history],
      stream: true,
      stream_options: { include_usage: true },
    },
    // Aborts when a person stops the answer; what is there by then remains.
    { signal },
  );
  let usage;
  for await (const chunk of completion) {
    answer.append(chunk.choices[0]?.delta?.content ?? '');
    if (chunk.usage) {
      const { prompt_tokens: input_tokens, completion_tokens: output_tokens } = chunk.usage;
      usage = { input_tokens, output_tokens, model };
    }
  }
  await answer.end(usage && { metadata: { usage } });
});
console.log('connected');
