import { connectAgent, type MessengerError } from '@agent-messenger/sdk';
import { echoOf } from '../echo/echo-of';

async function main(): Promise<void> {
  const { AGENT_MESSENGER_URL: url = 'http://127.0.0.1:8080', AGENT_API_KEY: apiKey = '' } =
    process.env;
  const agent = await connectAgent({ url: url.split(','), apiKey });
  agent.onMessage((message, conversation) => conversation.send(echoOf(message.content)));
  agent.on('handlerError', (error, { id }) => console.error(`echo-agent: ${id}: ${String(error)}`));
  agent.on('ended', (error) => (isReplaced(error) ? stayAway() : fail(error)));
  const stop = () => void agent.close().then(() => process.exit(0), fail);
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  process.send?.({ type: 'ready' });
}

const isReplaced = (error: MessengerError): boolean => error.code === 'replaced';

/** To end would mean to be started again, and to replace the other, who would do the same: for ever. */
function stayAway(): void {
  console.error('echo-agent: another process connected with this key: it answers, this one waits');
  setInterval(() => undefined, 2 ** 30);
}

function fail(error: unknown): void {
  console.error(`echo-agent: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

main().catch(fail);
