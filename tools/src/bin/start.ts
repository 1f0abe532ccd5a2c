import { LaunchError, startStack, type Stack } from '@agent-messenger/testkit';
import { join } from 'node:path';
import { demoLoginCode, ensureDemo, type Demo } from '../demo';
import { rememberStarted } from '../find-stack';
import { pushHint, startShownStandins } from '../push-standins';

export interface StartOptions {
  gateways: number;
  /** Replicas. */
  messages: number;
  store: 'sqlite' | 'postgres';
  port: number;
  host: string;
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
  const { REDIS_URL: redisUrl, QUEUE_REDIS_URL: queueRedisUrl } = process.env;
  const { DATABASE_URL, REDIS_PREFIX } = process.env;
  try {
    say('Starting …');
    const standins = options.pushStandins ? await startShownStandins(say) : undefined;
    const stack = await startStack({
      gateways: options.gateways,
      messages: options.messages,
      store: options.store,
      ...(DATABASE_URL ? { databaseUrl: DATABASE_URL } : {}),
      port: options.port,
      host: options.host,
      dataDir: options.dataDir,
      ...(redisUrl ? { redisUrl } : {}),
      ...(queueRedisUrl ? { queueRedisUrl } : {}),
      ...(REDIS_PREFIX ? { redisPrefix: REDIS_PREFIX } : {}),
      environment: process.env,
      ...(standins && { env: { 'push-worker': standins.env } }),
      report: say,
      signal: stopping.signal,
    });
    rememberStarted(stack.dataDir, process.env);
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

interface StartedDemo extends Demo {
  /** Of a link that signs the demo person in; works once. */
  code: string;
}

/** Undefined when there can be none: what people use is there without it. */
async function startDemo(
  stack: Stack,
  say: (line: string) => void,
): Promise<StartedDemo | undefined> {
  const { url, internalUrl } = firstGateway(stack);
  try {
    const admin = { url: stack.adminUrl, key: stack.adminKey };
    const demo = await ensureDemo(url, admin, join(stack.dataDir, 'demo.json'));
    await stack.addProcess('echo-agent', join(__dirname, 'echo-agent.js'), {
      AGENT_MESSENGER_URL: url,
      AGENT_API_KEY: demo.agent.api_key,
    });
    return { ...demo, code: await demoLoginCode(internalUrl, admin, demo) };
  } catch (error) {
    say(`no demo: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function announce(
  stack: Stack,
  demo: StartedDemo | undefined,
  { json, pushStandins }: StartOptions,
): void {
  const urls = stack.gateways.map(({ url }) => url);
  const { url } = firstGateway(stack);
  const { app, console: operators } = pagesOf(stack, demo);
  if (json) {
    const line = {
      ready: true,
      gateways: urls,
      ...(app !== undefined && { app_url: app }),
      ...(operators !== undefined && { console_url: operators }),
      admin_url: stack.adminUrl,
      admin_key: stack.adminKey,
      metrics: stack.metrics,
      pids: { launcher: process.pid, ...stack.pids() },
      data_dir: stack.dataDir,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const chat =
    demo &&
    `npm run chat -- --url ${url} --user ${demo.username} --password ${demo.password} --agent ${demo.agent.id}`;
  console.log(
    [
      '',
      'Agent Messenger is ready.',
      '',
      ...(app === undefined ? [] : [`  Open        ${app}`]),
      ...(app !== undefined && demo
        ? ['              signs the demo person in: once, within 10 minutes']
        : []),
      ...(operators === undefined ? [] : [`  Console     ${operators}`]),
      `  Gateways    ${urls.join('  ')}`,
      ...(demo ? [`  Demo login  ${demo.username} / ${demo.password}`] : []),
      ...(chat ? [`  Chat        ${chat}`] : []),
      ...Object.entries(stack.metrics).map(
        ([name, url], n) => `  ${n === 0 ? 'Metrics' : '       '}     ${url}  ${name}`,
      ),
      `  Data        ${stack.dataDir} (admin key in admin_api_key, logs in logs/)`,
      ...(pushStandins ? [pushHint] : []),
      `  Stop        Ctrl-C, or kill ${process.pid}`,
      '',
    ].join('\n'),
  );
}

/** Where a browser finds the chat and the console, as far as WEB_APP has them served. */
function pagesOf(stack: Stack, demo: StartedDemo | undefined) {
  const { WEB_APP = 'on' } = process.env;
  const site = `${firstGateway(stack).url}/`;
  return {
    app: WEB_APP === 'off' ? undefined : demo ? `${site}#link=${demo.code}` : site,
    console: WEB_APP === 'on' ? `${stack.adminUrl}/admin/` : undefined,
  };
}

function firstGateway(stack: Stack): Stack['gateways'][number] {
  const [gateway] = stack.gateways;
  if (!gateway) throw new Error('a stack has at least one gateway');
  return gateway;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
