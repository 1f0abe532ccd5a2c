import { connectAgent, type Agent } from '@agent-messenger/sdk';
import { setTimeout as delay } from 'node:timers/promises';

/** Does what the message says: the first word names it. `writes.py` is its twin. */
export async function runWrites(url: readonly string[], apiKey: string): Promise<Agent> {
  const runs = new Map<string, number>();
  const agent = await connectAgent({ url, apiKey, exitOnEnd: false, log: () => undefined });
  agent.onMessage(async (message, conversation, { signal }) => {
    const run = (runs.get(message.id) ?? 0) + 1;
    runs.set(message.id, run);
    const [what, ...words] = message.content.split(' ');
    switch (what) {
      case 'stream': {
        const stream = conversation.stream({ reply_to: message.id });
        for (const word of words) {
          stream.append(`${word} `);
          await delay(20);
        }
        return stream.end();
      }
      case 'endless':
        conversation.stream().append('once upon');
        return delay(600_000, undefined, { signal });
      case 'flaky': {
        const stream = conversation.stream();
        stream.append(`${words.join(' ')} ${run}`);
        await delay(200);
        if (run === 1) throw new Error('once');
        return stream.end({ metadata: { runs: run } });
      }
      case 'broken':
        conversation.stream().append('half');
        await delay(200);
        throw new Error('no model');
      case 'ask': {
        conversation.activity('using_tool', 'asking');
        const answer = await conversation.ask('Delete 3 files?', ['approve', 'deny']);
        return conversation.send(`answer: ${answer}`);
      }
      case 'expiring': {
        const answer = await conversation.ask('Now?', ['yes'], { timeoutMs: 200 });
        return conversation.send(`answer: ${answer}`);
      }
      case 'history': {
        const history = await conversation.history({ limit: 2 });
        return conversation.send(
          history.map((said) => `${said.role}: ${said.content}`).join(' / '),
        );
      }
    }
  });
  return agent;
}
