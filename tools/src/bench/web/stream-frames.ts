import type { Agent } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openSocket } from '../open-socket';
import { TokenClock } from '../streams/token-clock';
import { measureFrames } from './frame-rate';
import type { Figure } from './report';
import type { OpenPage } from './web-world';

const TOKENS_PER_SECOND = 100;
/** As the SDKs do: at most 20 appends a second. */
const APPEND_EVERY_MS = 50;

interface StreamFramesOptions {
  url: string;
  agent: Agent;
  conversationId: `cnv_${string}`;
  words: number;
  signal: AbortSignal;
}

/** Frames while an agent writes a long answer into the open conversation. */
export async function measureStream(
  opened: OpenPage,
  { url, agent, conversationId, words, signal }: StreamFramesOptions,
): Promise<Figure[]> {
  const auth = { api_key: agent.api_key };
  const socket = await openSocket({ url, namespace: '/agent', auth });
  const of = { conversation_id: conversationId, stream_id: randomUUID() };
  const tokens = answerOf(words);
  try {
    return await measureFrames(opened, 'answer of 100 tokens/s', async () => {
      await socket.emitWithAck('stream:start', of);
      const clock = new TokenClock(performance.now(), 1_000 / TOKENS_PER_SECOND, tokens.length);
      let offset = 0;
      for (let sent = 0; sent < tokens.length;) {
        const due = clock.due(performance.now());
        const text = tokens.slice(sent, due).join('');
        socket.emit('stream:append', { ...of, offset, text });
        [sent, offset] = [due, offset + text.length];
        await delay(APPEND_EVERY_MS, undefined, { signal });
      }
      await socket.emitWithAck('stream:end', { ...of, offset });
      await opened.page.locator('.message', { hasText: 'The last word.' }).waitFor();
    });
  } finally {
    socket.disconnect();
  }
}

/** Markdown as models write it, a word or a mark in each token. */
function answerOf(words: number): string[] {
  const sections: string[] = [];
  for (let n = 0, count = 0; count < words; n += 1) {
    const text = [
      `## Section ${n + 1}\n\n`,
      `${'Some **plain** words of an `answer` that goes on and on. '.repeat(8)}\n\n`,
      '- a list with a few words\n- and *another* item of it\n- and a third\n\n',
      '```ts\nexport function answer(question: string): number {\n  return question.length * 42;\n}\n```\n\n',
      '| name | value |\n|---|---:|\n| one | 1 |\n| two | 2 |\n\n',
    ].join('');
    sections.push(text);
    count += text.split(/\s+/).length;
  }
  return [...(sections.join('').match(/\s*\S+\s*/g) ?? []).slice(0, words), '\n\nThe last word.'];
}
