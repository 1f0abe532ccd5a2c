import { createTokenIssuer, hs256Key } from '@agent-messenger/service-kit';
import { createRest } from '@agent-messenger/sdk';
import { createAgent, createPerson } from '@agent-messenger/testkit';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reliability } from '../reliability/setup';

const NOBODY = { actor: { kind: 'anyone', id: null }, ip: null } as const;
const TTL_S = 300;

export interface PersonParty {
  id: `usr_${string}`;
  username: string;
  password: string;
  token: string;
  expiredToken: string;
}
export interface AgentParty {
  id: `agt_${string}`;
  keyId: string;
  apiKey: string;
  token: string;
}

/** A person and an agent with a conversation, a message of each, two that do not belong, and credentials that ended. */
export interface Scene {
  person: PersonParty;
  agent: AgentParty;
  otherPerson: PersonParty;
  otherAgent: AgentParty;
  /** Of the person: its session has been ended. */
  revokedToken: string;
  /** Of the agent. */
  revokedKey: string;
  revokedKeyToken: string;
  conversation: `cnv_${string}`;
  /** The person's. */
  message: `msg_${string}`;
  /** A code that logs in the person. */
  loginCode(): Promise<string>;
  /** The agent's, which the person has not answered. */
  question: `msg_${string}`;
}

const ACTIONS = [
  { id: 'approve', label: 'Yes', style: 'danger' as const },
  { id: 'deny', label: 'No' },
];

/**
 * Makes scenes fast: their people and agents share one hash, whose password and secret are known, because making a hash
 * for each would take a tenth of a second.
 */
export async function createScenes({ stack, store }: Reliability): Promise<() => Promise<Scene>> {
  const [gateway] = stack.gateways;
  if (!gateway) throw new Error('a stack has a gateway');
  const secret = readFileSync(join(stack.dataDir, 'jwt_secret'), 'utf8').trim();
  const key = hs256Key(secret);
  const issue = createTokenIssuer({ key, ttlSeconds: TTL_S });
  const issueExpired = createTokenIssuer({ key, ttlSeconds: -TTL_S });

  const real = await createPerson(gateway.url);
  const { user } = await store.findUser({ username: real.username });
  const realAgent = await createAgent(gateway.url, stack.adminKey);
  const { key: agentKey } = await store.findAgentKey({ key_id: realAgent.key_id });
  if (!user || !agentKey) throw new Error('what was made is there');
  const { password_hash } = user;
  const { key_hash } = agentKey;
  const keySecret = realAgent.api_key.split('_').slice(2).join('_');

  const expires_at = () => new Date(Date.now() + TTL_S * 1_000).toISOString();
  const operators = createRest(gateway.internalUrl);
  const loginCode = async (user_id: PersonParty['id']) => {
    const { adminKey } = stack;
    return (await operators.request('createLoginLink', { params: { user_id } }, { adminKey })).code;
  };
  const session = async (user_id: string) =>
    store.createSession({
      user_id,
      refresh_digest: randomUUID(),
      expires_at: expires_at(),
      by: NOBODY,
    });

  async function person(): Promise<PersonParty> {
    const username = `p-${randomBytes(8).toString('hex')}`;
    const { user_id } = await store.createUser({ username, password_hash, by: NOBODY });
    const { session_id } = await session(user_id);
    const bearer = { identityId: user_id, credentialId: session_id };
    return {
      id: user_id as PersonParty['id'],
      username,
      password: real.password,
      token: issue(bearer).token,
      expiredToken: issueExpired(bearer).token,
    };
  }

  async function agent(): Promise<AgentParty> {
    const keyId = randomBytes(8).toString('hex');
    const { id } = await store.createAgent({ name: 'Ada', key_id: keyId, key_hash, by: NOBODY });
    return { id: id as AgentParty['id'], keyId, ...credentialsOf(id, keyId) };
  }

  function credentialsOf(id: string, keyId: string) {
    return {
      apiKey: `amk_${keyId}_${keySecret}`,
      token: issue({ identityId: id, credentialId: keyId }).token,
    };
  }

  async function revokedSession(user_id: string): Promise<string> {
    const refresh_digest = randomUUID();
    const { session_id } = await store.createSession({
      user_id,
      refresh_digest,
      expires_at: expires_at(),
      by: NOBODY,
    });
    await store.endSession({ refresh_digest, everywhere: false, by: NOBODY });
    return issue({ identityId: user_id, credentialId: session_id }).token;
  }

  async function revokedKey(agent_id: string) {
    const key_id = randomBytes(8).toString('hex');
    await store.createAgentKey({
      agent_id,
      key_id,
      key_hash,
      name: 'old',
      expires_at: null,
      overlap_s: 0,
      by: NOBODY,
    });
    await store.revokeAgentKey({ agent_id, key_id, by: NOBODY });
    return credentialsOf(agent_id, key_id);
  }

  return async () => {
    const [one, other, ada, bob] = await Promise.all([person(), person(), agent(), agent()]);
    const [{ conversation }, revokedToken, old] = await Promise.all([
      store.createConversation({ user_id: one.id, agent_id: ada.id }),
      revokedSession(one.id),
      revokedKey(ada.id),
    ]);
    const { results } = await store.append({
      operations: [
        { identity_id: one.id, content: 'hello' },
        { identity_id: ada.id, content: 'hello?', actions: ACTIONS },
      ].map((send) => ({
        op: 'send' as const,
        epoch: null,
        conversation_id: conversation.id as Scene['conversation'],
        client_id: randomUUID(),
        ...send,
      })),
    });
    const [message, question] = results.map((result) => {
      if (!result.ok || !('sent' in result)) throw new Error('a member may send');
      return result.sent.message.id as Scene['message'];
    });
    if (!message || !question) throw new Error('both have sent');
    return {
      person: one,
      agent: ada,
      otherPerson: other,
      otherAgent: bob,
      revokedToken,
      revokedKey: old.apiKey,
      revokedKeyToken: old.token,
      conversation: conversation.id as Scene['conversation'],
      message,
      question,
      loginCode: () => loginCode(one.id),
    };
  };
}
