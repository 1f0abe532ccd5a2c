// Stands for an OpenAI-compatible endpoint: says again, word by word, what it was asked last. PORT=8000 node stand-in.mjs
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { PORT = '0', WORD_MS = '50' } = process.env;

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    return void response.writeHead(404).end();
  }
  const { model, messages } = JSON.parse(body);
  const asked = messages.at(-1).content;
  if (asked === 'fail') return void response.writeHead(400).end('{"error":{"message":"No."}}');
  const words = `You asked ${messages.length - 1} times, and now: ${asked}`.split(/(?<= )/);

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (data) => response.write(`data: ${JSON.stringify({ model, ...data })}\n\n`);
  let isGone = false;
  response.on('close', () => (isGone = true));
  for (const content of words) {
    send({ choices: [{ index: 0, delta: { content } }] });
    await sleep(Number(WORD_MS));
    if (isGone) return console.log('aborted');
  }
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  send({
    choices: [],
    usage: {
      prompt_tokens: asked.length,
      completion_tokens: words.length,
      total_tokens: asked.length + words.length,
    },
  });
  response.end('data: [DONE]\n\n');
});
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/v1`);
});
