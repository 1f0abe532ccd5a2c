import type { Conversation } from '@agent-messenger/contracts';
import {
  createAgent,
  createPerson,
  openTestSocket,
  rest,
  type Agent,
  type Person,
  type Transport,
} from '@agent-messenger/testkit';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { record, type Recording } from './egress/recorded';
import { startPushStack, type PushStack } from './push-setup';

/** Everything that is secret in this run, by what it is. */
const secrets = new Map<string, string>();
function secret(what: string, value: string = `${what}-${randomBytes(16).toString('hex')}`): string {
  secrets.set(what, value);
  return value;
}

let recording: Recording;
let push: PushStack;
let person: Person;
let agent: Agent;
let conversation: Conversation;
/** Where this run's services were told to go. */
let configured: string[];

const SERVICES = ['gateway', 'auth', 'messages', 'push-worker'] as const;

beforeAll(async () => {
  recording = record();
  const env = { ...recording.env, LOG_LEVEL: 'trace' };
  push = await startPushStack(Object.fromEntries(SERVICES.map((service) => [service, env])));
  for (const file of ['jwt_secret', 'internal_jwt_secret'] as const) {
    secret(file, readFileSync(join(push.stack.dataDir, file), 'utf8').trim());
  }
  secret('admin key', push.stack.adminKey);
  const { auth, messages, redisUrl } = push.stack;
  const origins = Object.values(push.standins.env).filter((value) => value.startsWith('https://'));
  configured = [redisUrl, auth.internalUrl, messages.internalUrl, ...origins].map(
    (url) => new URL(url).host,
  );
  await wholeRun();
}, 120_000);
afterAll(async () => {
  await push.stop();
  recording.remove();
}, 60_000);
