import { LaunchError, startStack, type Stack } from '@agent-messenger/testkit';
import { join } from 'node:path';
import { ensureDemo, type Demo } from '../demo';
import { pushHint, startShownStandins } from '../push-standins';

export interface StartOptions {
  gateways: number;
  port: number;
  dataDir: string;
  demo: boolean;
  pushStandins: boolean;
  json: boolean;
}

/** The launcher behind `npm start`: runs in its process until a signal, then drains and ends it. */
export async function start(options: StartOptions): Promise<void> {
  // Whatever a service writes below the data folder is its owner's alone.
  process.umask(0o077);
  const say = (line: string): void => console.error(line);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) say('Stopping: connections are drained …');
      stopping.abort();
    });
  }
  const { REDIS_URL: redisUrl, QUEUE_REDIS_URL: queueRedisUrl, REDIS_PREFIX } = process.env;
  try {
    say('Starting …');
    const standins = options.pushStandins ? await startShownStandins(say) : undefined;
    const stack = await startStack({
      gateways: options.gateways,
      port: options.port,
      dataDir: options.dataDir,
      ...(redisUrl ? { redisUrl } : {}),
      ...(queueRedisUrl ? { queueRedisUrl } : {}),
      ...(REDIS_PREFIX ? { redisPrefix: REDIS_PREFIX } : {}),
      environment: process.env,
      ...(standins && { env: { 'push-worker': standins.env } }),
      report: say,
      signal: stopping.signal,
    });
    try {
      const demo = options.demo ? await startDemo(stack, say) : undefined;
      if (!stopping.signal.aborted) announce(stack, demo, options);
      await aborted(stopping.signal);
    } finally {
      await stack.stop();
      await standins?.stop();
    }
    say('Stopped.');
    process.exit(0);
  } catch (error) {
    if (stopping.signal.aborted) {
      say('Stopped.');
      process.exit(0);
    }
    console.error(error instanceof LaunchError ? error.message : error);
    process.exit(1);
  }
}

/** Undefined when there can be none: what people use is there without it. */
async function startDemo(stack: Stack, say: (line: string) => void): Promise<Demo | undefined> {
  const url = firstUrl(stack);
  try {
    const demo = await ensureDemo(url, stack.adminKey, join(stack.dataDir, 'demo.json'));
    await stack.addProcess('echo-agent', join(__dirname, 'echo-agent.js'), {
      AGENT_MESSENGER_URL: url,
      AGENT_API_KEY: demo.agent.api_key,
    });
    return demo;
  } catch (error) {
    say(`no demo: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function announce(
  stack: Stack,
  demo: Demo | undefined,
  { json, pushStandins }: StartOptions,
): void {
  const urls = stack.gateways.map(({ url }) => url);
  if (json) {
    const line = {
      ready: true,
      gateways: urls,
      admin_key: stack.adminKey,
      pids: { launcher: process.pid, ...stack.pids() },
      data_dir: stack.dataDir,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const chat =
    demo &&
    `npm run chat -- --url ${firstUrl(stack)} --user ${demo.username} --password ${demo.password} --agent ${demo.agent.id}`;
  console.log(
    [
      '',
      'Agent Messenger is ready.',
      '',
      `  URL         ${urls.join('  ')}`,
      ...(demo ? [`  Demo login  ${demo.username} / ${demo.password}`] : []),
      ...(chat ? [`  Chat        ${chat}`] : []),
      `  Data        ${stack.dataDir} (admin key in admin_api_key, logs in logs/)`,
      ...(pushStandins ? [pushHint] : []),
      `  Stop        Ctrl-C, or kill ${process.pid}`,
      '',
    ].join('\n'),
  );
}

function firstUrl(stack: Stack): string {
  const [gateway] = stack.gateways;
  if (!gateway) throw new Error('a stack has at least one gateway');
  return gateway.url;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
