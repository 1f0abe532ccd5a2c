import type { Operation } from '@agent-messenger/contracts';
import { createLogger, Scope } from '@agent-messenger/service-kit';
import {
  createAgent,
  createPerson,
  inParallel,
  launchChromium,
  LIFTED_LIMITS,
  LIFTED_QUOTAS,
  rest,
  type Agent,
  type Person,
  type Stack,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { callMessages, type Messages } from '../call-messages';
import type { BenchContext } from '../system';
import { startTarget } from '../target';

const BATCH = 256;
const MOST_CONVERSATIONS = '1000000';

/** A page in a browser of its own, and the tools that developers have. */
export interface OpenPage {
  page: Page;
  tools: CDPSession;
  close(): Promise<void>;
}

/** A stack, a browser, and who writes to whom. */
export class WebWorld {
  private constructor(
    private readonly stack: Stack,
    readonly browser: Browser,
    readonly messages: Messages,
    private readonly scope: Scope,
    private readonly signal: AbortSignal,
  ) {}

  static async start(context: BenchContext): Promise<WebWorld> {
    const scope = new Scope(createLogger({ name: 'bench', level: 'silent' }));
    try {
      const browser = await launchChromium();
      scope.defer('browser', () => browser.close());
      const target = await startTarget({ gateways: 1 }, context, {
        gateway: LIFTED_LIMITS,
        messages: { ...LIFTED_QUOTAS, MAX_CONVERSATIONS_PER_PERSON: MOST_CONVERSATIONS },
      });
      scope.defer('stack', () => target.stop());
      const messages = callMessages(target.stack, scope);
      return new WebWorld(target.stack, browser, messages, scope, context.signal);
    } catch (error) {
      await scope.close();
      throw error;
    }
  }

  get url(): string {
    return this.stack.gateways[0]?.url ?? '';
  }

  person(): Promise<Person> {
    return createPerson(this.url);
  }

  agent(name: string): Promise<Agent> {
    return createAgent(this.stack.adminUrl, this.stack.adminKey, { name });
  }

  async conversation(person: Person, agent: Agent, title: string): Promise<`cnv_${string}`> {
    this.signal.throwIfAborted();
    const ids = {
      user_id: person.user_id as `usr_${string}`,
      agent_id: agent.id as `agt_${string}`,
    };
    const { conversation } = await this.messages.createConversation({ ...ids, title });
    return conversation.id as `cnv_${string}`;
  }

  /** Messages of one sender, in batches; `contentOf` is asked with their numbers, from 1 on. */
  async write(
    from: { identity_id: string; conversation_ids: readonly `cnv_${string}`[] },
    count: number,
    contentOf: (n: number) => string,
  ): Promise<void> {
    const { identity_id, conversation_ids: ids } = from;
    await this.#append(count, (index) => ({
      op: 'send',
      epoch: null,
      client_id: randomUUID(),
      content: contentOf(index + 1),
      identity_id,
      conversation_id: ids[index % ids.length] ?? 'cnv_',
    }));
  }

  async conversations(person: Person, agent: Agent, count: number): Promise<`cnv_${string}`[]> {
    return inParallel(Array.from({ length: count }), (_, n) =>
      this.conversation(person, agent, `Conversation ${n + 1}`),
    );
  }

  /** Whoever has read a conversation begins at its end. */
  async read(
    { user_id }: Person,
    conversationIds: readonly `cnv_${string}`[],
    seq: number,
  ): Promise<void> {
    // What was not received would come to a new device as well, event by event.
    for (const op of ['received', 'read'] as const) {
      await this.#append(conversationIds.length, (index) => ({
        op,
        epoch: null,
        identity_id: user_id as `usr_${string}`,
        conversation_id: conversationIds[index] ?? 'cnv_',
        seq,
      }));
    }
  }

  async #append(count: number, operationOf: (index: number) => Operation): Promise<void> {
    for (let first = 0; first < count; first += BATCH) {
      this.signal.throwIfAborted();
      const length = Math.min(BATCH, count - first);
      const operations = Array.from({ length }, (_, n) => operationOf(first + n));
      const { results } = await this.messages.append({ operations });
      const refused = results.find(({ ok }) => !ok);
      if (refused) throw new Error(`refused: ${JSON.stringify(refused)}`);
    }
  }

  /** A single use address that signs a person in. */
  async signInLink(person: Person): Promise<string> {
    const path = `/admin/users/${person.user_id}/link`;
    const { internalUrl = '' } = this.stack.gateways[0] ?? {};
    const answer = await rest(internalUrl, 'POST', path, {
      headers: { 'x-admin-key': this.stack.adminKey },
    });
    if (answer.status >= 300) {
      throw new Error(`sign-in link: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return `${this.url}/#link=${(answer.body as { code: string }).code}`;
  }

  /** An empty page of a browser that has never been here. */
  async openPage(): Promise<OpenPage> {
    const context: BrowserContext = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
    });
    const page = await context.newPage();
    const tools = await context.newCDPSession(page);
    return { page, tools, close: () => context.close() };
  }

  /** The page of that person, at that conversation. */
  async openConversation(person: Person, title: string): Promise<OpenPage> {
    const opened = await this.openPage();
    await opened.page.goto(await this.signInLink(person));
    await opened.page.getByRole('link', { name: title }).click();
    await opened.page.locator('.messages .message').first().waitFor();
    return opened;
  }

  stop(): Promise<void> {
    return this.scope.close();
  }
}
