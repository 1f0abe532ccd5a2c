import { connectAgent } from '@agent-messenger/sdk';

async function main(): Promise<void> {
  const { AGENT_MESSENGER_URL: url = 'http://127.0.0.1:8080', AGENT_API_KEY: apiKey = '' } =
    process.env;
  const agent = await connectAgent({ url: url.split(','), apiKey });
  agent.onMessage((message, conversation) => conversation.send(`echo: ${message.content}`));
  agent.on('handlerError', (error, { id }) => console.error(`echo-agent: ${id}: ${String(error)}`));
  agent.on('ended', (error) => fail(error));
  const stop = () => void agent.close().then(() => process.exit(0), fail);
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  process.send?.({ type: 'ready' });
}

function fail(error: unknown): void {
  console.error(`echo-agent: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

main().catch(fail);
