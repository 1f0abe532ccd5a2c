import {
  createAgent,
  createPerson,
  LIFTED_LIMITS,
  rest,
  startFaultProxy,
  startStack,
  TestSocketPlain,
  type Agent,
  type FaultProxy,
  type Person,
  type ServiceName,
  type Stack,
} from '@agent-messenger/testkit';
import { connectAgent, type Agent as ConnectedAgent } from '@agent-messenger/sdk';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium';

interface ChatWorldOptions {
  env?: Partial<Record<ServiceName, Record<string, string>>>;
}

/** Two gateways behind one address that can fail, an agent that answers, a browser. */
export class ChatWorld {
  /** What pages said that nobody should hear: errors, refusals of the Content-Security-Policy. */
  readonly complaints: string[] = [];
  /** Where pages asked for something that is not this installation. */
  readonly strangers: string[] = [];
  readonly #contexts: BrowserContext[] = [];

  private constructor(
    readonly stack: Stack,
    readonly network: FaultProxy,
    readonly echo: Agent,
    private readonly browser: Browser,
    private readonly echoing: ConnectedAgent,
  ) {}

  static async start({ env = {} }: ChatWorldOptions = {}): Promise<ChatWorld> {
    const gateway = { ...LIFTED_LIMITS, ...env.gateway };
    const starting = startStack({ gateways: 2, env: { ...env, gateway } });
    const [stack, browser] = await Promise.all([starting, launchChromium()]);
    const { url } = stack.gateways[0]!;
    const network = await startFaultProxy({ target: Number(new URL(url).port) });
    const echo = await createAgent(stack.adminUrl, stack.adminKey, { name: 'Echo' });
    const gateways = stack.gateways.map((each) => each.url);
    const echoing = await connectAgent({ url: gateways, apiKey: echo.api_key, exitOnEnd: false });
    echoing.onMessage((message, conversation) => {
      void conversation.send(`You said: ${message.content}`);
    });
    return new ChatWorld(stack, network, echo, browser, echoing);
  }

  get url(): string {
    return `http://127.0.0.1:${this.network.port}`;
  }

  person(): Promise<Person> {
    return createPerson(this.url);
  }

  /** A socket that does what a test says as an agent of its own. */
  async agent(name: string): Promise<{ agent: Agent; socket: TestSocketPlain }> {
    const agent = await createAgent(this.stack.adminUrl, this.stack.adminKey, { name });
    const auth = { api_key: agent.api_key };
    const socket = await new TestSocketPlain(this.stack.gateways[1]!.url, '/agent', auth).synced();
    return { agent, socket };
  }

  async conversation(person: Person, agent: Agent, title?: string): Promise<string> {
    const body = { agent_id: agent.id, ...(title === undefined ? {} : { title }) };
    const answer = await rest(this.url, 'POST', '/conversations', {
      body,
      bearer: person.access_token,
    });
    return (answer.body as { id: string }).id;
  }

  /** The address that an operator hands to a person. */
  async loginLink(person: Person): Promise<string> {
    const { internalUrl } = this.stack.gateways[0]!;
    const answer = await rest(internalUrl, 'POST', `/admin/users/${person.user_id}/link`, {
      headers: { 'x-admin-key': this.stack.adminKey },
    });
    return `${this.url}/#link=${(answer.body as { code: string }).code}`;
  }

  /** Signs a person out everywhere, as an operator does. */
  async endSessions({ user_id }: Person): Promise<void> {
    const { adminUrl, adminKey } = this.stack;
    const headers = { 'x-admin-key': adminKey };
    await rest(adminUrl, 'DELETE', `/admin/users/${user_id}/sessions`, { headers });
  }

  /** A browser of its own. */
  async device(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...options,
    });
    this.#contexts.push(context);
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.url && protocol !== 'blob:') this.strangers.push(request.url());
    });
    context.on('console', (message) => {
      const isNetwork = message.text().includes('net::ERR');
      const isRefusal = message.text().startsWith('Failed to load resource');
      const isWebSocket = message.text().startsWith('WebSocket connection to');
      if (message.type() === 'error' && !isNetwork && !isRefusal && !isWebSocket) {
        this.complaints.push(message.text());
      }
    });
    context.on('weberror', (error) => this.complaints.push(String(error.error())));
    return context;
  }

  /** A page on which that person has signed in by a link. */
  async signedIn(context: BrowserContext, person: Person): Promise<Page> {
    const page = await context.newPage();
    await page.goto(await this.loginLink(person));
    await page.getByRole('navigation').waitFor();
    return page;
  }

  /** What axe finds wrong with the page as it is now, as lines. */
  async faults(page: Page): Promise<string[]> {
    if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
    );
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  async closeDevices(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.closeDevices();
    await this.echoing.close();
    await Promise.all([this.browser.close(), this.network.close()]);
    await this.stack.stop();
  }
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
}

/** Whether that browser has written down what a conversation shows without a network: this text. */
export async function isKept(page: Page, text: string): Promise<boolean> {
  return (await page.evaluate<string>(keptText)).includes(text);
}

/** All that IndexedDB has, as JSON, but for the list of conversations, which says of each how it ends. */
const keptText = `(async () => {
  const done = (asked) => new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const texts = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name));
    for (const name of db.objectStoreNames) {
      const store = db.transaction(name).objectStore(name);
      const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
      texts.push(JSON.stringify(values.filter((_, n) => keys[n] !== 'conversations')));
    }
    db.close();
  }
  return texts.join();
})()`;

export function message(page: Page, text: string) {
  return page.locator('.message', { hasText: text });
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page
    .getByRole('dialog', { name: 'Sign out', exact: true })
    .getByRole('button', { name: 'Sign out' })
    .click();
  await page.getByLabel('Username').waitFor();
}
