import {
  messagesCalls,
  redisNames,
  type Client,
  type RedisNames,
} from '@agent-messenger/contracts';
import {
  connectRedis,
  createClient,
  createLogger,
  createTokenIssuer,
  hs256Key,
  Scope,
} from '@agent-messenger/service-kit';
import {
  LIFTED_LIMITS,
  startStack,
  TestSocket,
  type ServiceName,
  type ServiceProcess,
  type Stack,
  type StackOptions,
} from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Somebody who may connect. People and agents here have a token and no password or key: making those costs bcrypt. */
export interface Member {
  id: string;
  kind: 'user' | 'agent';
  token: string;
}

/** As the contract writes it. */
export type ConversationId = `cnv_${string}`;

/** A person and an agent with a conversation. */
export interface Pair {
  person: Member;
  agent: Member;
  conversation: ConversationId;
}

export interface Reliability {
  stack: Stack;
  /** Straight to the store, past the gateways: for what a test needs in large numbers. */
  store: Client<typeof messagesCalls>;
  redis: Awaited<ReturnType<typeof connectRedis>>;
  names: RedisNames;
  person(): Promise<Member>;
  agent(): Promise<Member>;
  pair(): Promise<Pair>;
  open(person: Member, agent: Member): Promise<ConversationId>;
  /** Writes that many messages at once, past the gateways. */
  write(
    sender: Member,
    conversation: ConversationId,
    count: number,
    content: string,
  ): Promise<void>;
  /** Closed by `closeSockets`. */
  socket(gateway: ServiceProcess, member: Member): TestSocket;
  closeSockets(): void;
  stop(): Promise<void>;
}

/** Whom the audit log names. */
const NOBODY = { actor: { kind: 'anyone', id: null }, ip: null } as const;
const TOKEN_TTL_S = 3_600;

/** A stack whose limits are out of the way: everybody here has one IP address. */
export async function startReliability({
  gateways = 2,
  env = {},
  redisUrl,
  ...stored
}: Pick<StackOptions, 'store' | 'databaseUrl' | 'messages'> & {
  gateways?: number;
  /** One that runs already, in place of the stack's own. */
  redisUrl?: string;
  env?: Partial<Record<ServiceName, Record<string, string>>>;
} = {}): Promise<Reliability> {
  const stack = await startStack({
    gateways,
    ...stored,
    ...(redisUrl !== undefined && { redisUrl }),
    env: {
      ...env,
      gateway: {
        CONNECTS_PER_SECOND: '100000',
        ...LIFTED_LIMITS,
        ...env.gateway,
      },
    },
  });
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  const secret = (name: string) => readFileSync(join(stack.dataDir, name), 'utf8').trim();
  const store = createClient(messagesCalls, {
    url: stack.messages.internalUrl,
    service: 'messages',
    secret: secret('internal_jwt_secret'),
    scope,
    timeoutMs: 60_000,
  });
  const redis = await connectRedis(stack.redisUrl, { name: 'test', log, scope });
  const issue = createTokenIssuer({ key: hs256Key(secret('jwt_secret')), ttlSeconds: TOKEN_TTL_S });
  const sockets: TestSocket[] = [];

  async function person(): Promise<Member> {
    const username = `p-${randomUUID().slice(0, 23)}`;
    const { user_id: id } = await store.createUser({ username, password_hash: 'none', by: NOBODY });
    const { session_id } = await store.createSession({
      user_id: id,
      refresh_digest: randomUUID(),
      expires_at: new Date(Date.now() + TOKEN_TTL_S * 1_000).toISOString(),
      by: NOBODY,
    });
    const { token } = issue({ identityId: id, credentialId: session_id });
    return { id, kind: 'user', token };
  }

  async function agent(): Promise<Member> {
    const key_id = randomUUID();
    const { id } = await store.createAgent({ name: 'Ada', key_id, key_hash: 'none', by: NOBODY });
    const { token } = issue({ identityId: id, credentialId: key_id });
    return { id, kind: 'agent', token };
  }

  async function open(one: Member, other: Member): Promise<ConversationId> {
    const { conversation } = await store.createConversation({
      user_id: one.id,
      agent_id: other.id,
    });
    return conversation.id as ConversationId;
  }

  async function write(
    sender: Member,
    conversation_id: ConversationId,
    count: number,
    content: string,
  ): Promise<void> {
    const operations = Array.from({ length: count }, () => ({
      op: 'send' as const,
      identity_id: sender.id,
      epoch: null,
      conversation_id,
      client_id: randomUUID(),
      content,
    }));
    await store.append({ operations });
  }

  function closeSockets(): void {
    for (const socket of sockets.splice(0)) socket.close();
  }

  return {
    stack,
    store,
    redis,
    names: redisNames(stack.redisPrefix),
    person,
    agent,
    open,
    write,
    async pair() {
      const [one, other] = await Promise.all([person(), agent()]);
      return { person: one, agent: other, conversation: await open(one, other) };
    },
    socket({ url }, { kind, token }) {
      const socket = new TestSocket(url, kind === 'user' ? '/client' : '/agent', { token });
      sockets.push(socket);
      return socket;
    },
    closeSockets,
    async stop() {
      closeSockets();
      await scope.close();
      await stack.stop();
    },
  };
}

/** The gateways by number. */
export function gatewaysOf({ stack }: Reliability): [ServiceProcess, ServiceProcess] {
  const [first, second] = stack.gateways;
  if (!first || !second) throw new Error('this stack has fewer than two gateways');
  return [first, second];
}

/** One, then the next numbers: the seqs of a log from its beginning. */
export function seqsTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
