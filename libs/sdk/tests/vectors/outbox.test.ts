import { Outbox } from '../../src/outbox';
import { vectors } from './vectors';

interface Case {
  name: string;
  limit: number;
  adds: [conversation: string, name: string][];
  started: string[];
  then: string[];
  refused: string[];
}

test.each(vectors<Case>('outbox'))('$name', async ({ limit, adds, started, then, refused }) => {
  const begun: string[] = [];
  const answers: (() => void)[] = [];
  const outbox = new Outbox({
    deliver: (_, payload) => {
      begun.push((payload as { content: string }).content);
      return new Promise((resolve) => answers.push(() => resolve({} as never)));
    },
    limit,
    isOver: () => false,
    onChange: () => undefined,
  });
  const turned: string[] = [];
  for (const [conversation_id, content] of adds) {
    const send = { conversation_id: conversation_id as 'cnv_a', client_id: content, content };
    outbox.add('message:send', send).catch(() => turned.push(content));
  }
  await new Promise(setImmediate);
  expect(begun).toEqual(started);
  expect(turned).toEqual(refused);
  for (let answer = answers.shift(); answer; answer = answers.shift()) {
    answer();
    await new Promise(setImmediate);
  }
  expect(begun.slice(started.length)).toEqual(then);
});
