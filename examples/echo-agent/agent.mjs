// The smallest agent: says what it was told. AGENT_API_KEY=amk_… node examples/echo-agent/agent.mjs
import { connectAgent } from '@agent-messenger/sdk';

const { AGENT_MESSENGER_URL: url = 'http://127.0.0.1:8080', AGENT_API_KEY: apiKey } = process.env;

const agent = await connectAgent({ url, apiKey });
agent.onMessage((message, conversation) => conversation.send(`echo: ${message.content}`));
console.log('connected');
