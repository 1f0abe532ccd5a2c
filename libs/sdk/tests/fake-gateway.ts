import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Ack,
  Event,
  Message,
  RequestPayload,
  Send,
  WireError,
} from '@agent-messenger/contracts';
import { actorOf, AGENT, FakeLog, USER } from './fake-log';
import { FakeStreams } from './fake-streams';
import { servePlain, serveSocketIo, type FakeSocket, type FakeSockets } from './fake-sockets';

type Seen = { name: string; data: unknown; at: number };
type ChangeRequest = {
  conversation_id: string;
  message_id: string;
  content?: string;
  emoji?: string;
  action_id?: string;
  set?: boolean;
};
type ChangeName = 'message:edit' | 'message:delete' | 'reaction:set' | 'action:choose';

interface Said extends Partial<Omit<Message, 'id'>> {
  /** Of the conversation. */
  id?: string;
  live?: boolean;
}

export { AGENT, USER };
export const CONVERSATION = 'cnv_1';
const AT = '2026-01-01T00:00:00.000Z';
const API_KEY = 'key-1';

/**
 * A gateway in memory that follows the contract for one person, one agent and their conversations, and can be told to
 * fail.
 */
export class FakeGateway {
  readonly http = createServer((request, response) => void this.#serve(request, response));
  readonly logs = new Map([[CONVERSATION, new FakeLog(CONVERSATION)]]);
  readonly streams = new FakeStreams({
    logOf: (id) => this.#logOf(id),
    tell: (id) => this.tell(id),
    emit: (name, payload) => this.socket(AGENT).emit(name, payload as never),
  });
  readonly delivered = new Map<string, number>();
  /** Everything that clients asked for, in order. */
  readonly seen: Seen[] = [];
  readonly tokens = new Set<string>();
  readonly sockets = new Map<string, FakeSocket>();
  logId = 'log-1';
  password = 'right';
  expiresIn = 300;
  /** Decides about a send before it is carried out: an error answers, `lose` carries out and loses the ack. */
  onSend: (send: Send) => WireError | 'lose' | null = () => null;
  onHandshake: (id: string) => WireError | null = () => null;
  /** As `onSend`, for edits, deletions and reactions. */
  onChange: (request: ChangeRequest) => WireError | 'lose' | null = () => null;
  onRest: (path: string) => WireError | null = () => null;
  /** As `onSend`, for any other request over a socket. */
  onRequest: (name: string) => WireError | null = () => null;
  /** An answer that was made is on its way until this resolves. */
  beforeAnswer: (path: string) => Promise<void> | null = () => null;
  /** What was missed is written once this resolves, and `synced` after it. */
  beforeBacklog: Promise<void> | null = null;
  /** A receipt that is told to a socket before it is greeted. */
  early: object | null = null;
  url = '';
  #issued = 0;
  readonly #closeSocketIo: () => Promise<void>;
  readonly #closePlain: () => Promise<void>;

  /** @param basePath the path of the site below which it is served */
  constructor(private readonly basePath = '') {
    this.#closeSocketIo = serveSocketIo(this.http, this.#sockets(), basePath);
    this.#closePlain = servePlain(this.http, this.#sockets(), basePath);
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.http.address() as AddressInfo).port}${this.basePath}`;
  }

  async stop(): Promise<void> {
    await this.#closePlain();
    await this.#closeSocketIo();
  }

  count(name: string): number {
    return this.seen.filter((each) => each.name === name).length;
  }

  /** When it was asked for, performance.now(). */
  times(name: string): number[] {
    return this.seen.filter((each) => each.name === name).map(({ at }) => at);
  }

  log(conversationId = CONVERSATION): Event[] {
    return this.logs.get(conversationId)?.events ?? [];
  }

  messages(conversationId = CONVERSATION): Message[] {
    return this.logs.get(conversationId)?.messages ?? [];
  }

  open(conversationId: string): void {
    this.logs.set(conversationId, new FakeLog(conversationId));
    this.tell(conversationId);
  }

  /** A message in the log; `live: false` loses the event on its way, as a broken subscription does. */
  say(
    sender: string,
    content: string,
    { id = CONVERSATION, live = true, client_id = `c${Math.random()}`, ...more }: Said = {},
  ): Message {
    const message = this.#logOf(id).say(sender, content, client_id, more);
    if (live) this.tell(id);
    return message;
  }

  /** Sends the last event of a log to whoever is connected. */
  tell(conversationId = CONVERSATION): void {
    const log = this.#logOf(conversationId);
    for (const socket of this.sockets.values()) socket.emit('event', log.event(log.lastSeq));
  }

  socket(id: string): FakeSocket {
    const socket = this.sockets.get(id);
    if (!socket) throw new Error(`${id} is not connected`);
    return socket;
  }

  #logOf(conversationId: string): FakeLog {
    const log = this.logs.get(conversationId);
    if (!log) throw new Error(`no conversation ${conversationId}`);
    return log;
  }

  #note(name: string, data: unknown): void {
    this.seen.push({ name, data, at: performance.now() });
  }

  #sockets(): FakeSockets {
    return {
      refuse: (id, token) => {
        this.#note('handshake', { id, token });
        const isKnown = token !== undefined && this.tokens.has(token);
        return this.onHandshake(id) ?? (isKnown ? null : { code: 'unauthorized', message: 'no' });
      },
      connected: (id, socket) => this.#connected(id, socket),
      gone: (id, socket) => {
        if (this.sockets.get(id) === socket) this.sockets.delete(id);
      },
      request: (id, name, data) => {
        this.#note(name, data);
        const error = this.onRequest(name);
        return error ? { ok: false, error } : this.#request(id, name, data);
      },
    };
  }

  #connected(id: string, socket: FakeSocket): void {
    const before = this.sockets.get(id);
    before?.emit('replaced', {});
    before?.dismiss();
    this.sockets.set(id, socket);
    if (this.early) socket.emit('receipt', this.early as never);
    socket.emit('connected', {
      identity: actorOf(id),
      connection_id: 'connection',
      log_id: this.logId,
      protocol_version: 1,
      server_time: AT,
    });
    if (this.beforeBacklog) void this.beforeBacklog.then(() => this.#catchUp(id, socket));
    else this.#catchUp(id, socket);
  }

  #catchUp(id: string, socket: FakeSocket): void {
    for (const [conversationId, log] of this.logs) {
      const from = this.delivered.get(`${id} ${conversationId}`) ?? 0;
      for (const event of log.events) if (event.seq > from) socket.emit('event', event);
    }
    socket.emit('synced', {});
  }

  #request(id: string, name: string, data: unknown): object | undefined {
    switch (name) {
      case 'message:send':
        return this.#send(id, data as Send);
      case 'received': {
        const { conversation_id, seq } = data as RequestPayload<'received'>;
        const key = `${id} ${conversation_id}`;
        this.delivered.set(key, Math.max(seq, this.delivered.get(key) ?? 0));
        return { ok: true };
      }
      case 'sync': {
        const { conversation_id, after_seq, limit } = data as RequestPayload<'sync'>;
        const page = this.#logOf(conversation_id).page(after_seq, limit);
        return { ok: true, ...page, log_id: this.logId };
      }
      case 'read': {
        const { conversation_id, seq } = data as RequestPayload<'read'>;
        this.#logOf(conversation_id).readSeq = seq;
        return { ok: true };
      }
      case 'message:edit':
      case 'message:delete':
      case 'reaction:set':
      case 'action:choose':
        return this.#change(name, id, data as ChangeRequest);
      case 'status:set':
        return { ok: true };
      case 'auth:refresh':
        return { ok: true, expires_in: this.expiresIn };
      case 'presence:watch': {
        const { identities } = data as RequestPayload<'presence:watch'>;
        const presence = identities.map((each) => ({
          identity_id: each,
          status: 'online',
          last_seen: null,
        }));
        return { ok: true, presence };
      }
      default:
        if (name.startsWith('stream:')) return this.streams.request(id, name, data);
        return { ok: false, error: { code: 'not_found', message: 'There is no such event' } };
    }
  }

  #send(id: string, send: Send): Ack<'message:send'> | undefined {
    const verdict = this.onSend(send);
    if (verdict !== null && verdict !== 'lose') return { ok: false, error: verdict };
    const first = this.messages(send.conversation_id).find(
      (each) => each.sender.id === id && each.client_id === send.client_id,
    );
    if (first && first.content !== send.content) {
      const error = { code: 'conflict' as const, message: 'taken', message_id: first.id };
      return { ok: false, error };
    }
    const { conversation_id, content, ...fields } = send;
    const message = first ?? this.say(id, content, { id: conversation_id, ...fields });
    if (verdict !== 'lose') return { ok: true, message, duplicate: first !== undefined };
    this.socket(id).cut();
    return undefined;
  }

  #change(name: ChangeName, id: string, request: ChangeRequest): Ack<ChangeName> | undefined {
    const verdict = this.onChange(request);
    if (verdict !== null && verdict !== 'lose') return { ok: false, error: verdict };
    const { conversation_id } = request;
    const log = this.#logOf(conversation_id);
    const made = changeOf(log, name, id, request);
    if (made === undefined) return { ok: false, error: { code: 'conflict', message: 'chosen' } };
    if (made) this.tell(conversation_id);
    if (verdict !== 'lose') {
      return { ok: true, event: made ?? log.event(log.lastSeq), duplicate: made === null };
    }
    this.socket(id).cut();
    return undefined;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', 'http://x');
    const isOurs = url.pathname.startsWith(`${this.basePath}/`);
    if (!isOurs) this.#note('rest of the site', url.pathname);
    const name = `${request.method} ${isOurs ? url.pathname.slice(this.basePath.length) : ''}`;
    this.#note(name, body === '' ? url.search : JSON.parse(body));
    const refused = this.onRest(name);
    const answer = refused ? null : this.#answer(name, request, body, url);
    await this.beforeAnswer(name);
    response.setHeader('content-type', 'application/json');
    response.statusCode = answer ? 200 : 400;
    const { message: title, ...problem } = refused ?? { code: 'not_found', message: 'no' };
    response.end(JSON.stringify(answer ?? { ...problem, title }));
  }

  #answer(name: string, request: IncomingMessage, body: string, url: URL): object | null {
    const token = () => {
      const value = `token-${++this.#issued}`;
      this.tokens.add(value);
      return { access_token: value, token_type: 'Bearer', expires_in: this.expiresIn };
    };
    const tokens = () => ({ ...token(), refresh_token: `refresh-${this.#issued}`, user_id: USER });
    switch (name) {
      case 'POST /auth/login':
        return (JSON.parse(body) as { password: string }).password === this.password
          ? { ...tokens(), device_token: `device-${this.#issued}` }
          : null;
      case 'POST /auth/password':
        this.password = (JSON.parse(body) as { new_password: string }).new_password;
        return {};
      case 'POST /auth/logout':
      case 'DELETE /auth/user':
        return {};
      case 'POST /auth/refresh':
        return tokens();
      case 'POST /auth/agent/token':
        return request.headers.authorization === `Bearer ${API_KEY}`
          ? { ...token(), agent_id: AGENT }
          : null;
      case 'GET /conversations': {
        const since = url.searchParams.get('since');
        const before = new Map<string, string>(since === null ? [] : JSON.parse(since));
        const changed = [...this.logs.values()].filter(
          (log) => stateOf(log) !== before.get(log.id),
        );
        return {
          conversations: changed
            .filter((log) => !log.deleted)
            .map(({ id }) => this.#conversation(id)),
          removed: changed.filter((log) => log.deleted && since !== null).map(({ id }) => id),
          next_cursor: null,
          sync_token: this.#state(),
          log_id: this.logId,
        };
      }
      default:
        return this.#conversationAnswer(name, body, url);
    }
  }

  #conversationAnswer(name: string, body: string, url: URL): object | null {
    const [method = '', , id = '', part] = name.split(/ \/|\//);
    const log = this.logs.get(id);
    if (!log || log.deleted) return null;
    if (part === 'messages') {
      const { limit, before_seq } = Object.fromEntries(url.searchParams);
      const page = log.history(Number(limit ?? 50), Number(before_seq ?? Infinity));
      return { ...page, log_id: this.logId };
    }
    if (method === 'PATCH') log.rename((JSON.parse(body) as { title: string }).title);
    if (method === 'DELETE') log.close();
    if (method !== 'GET') this.tell(id);
    return log.deleted ? {} : this.#conversation(id);
  }

  /** What a listing is asked since. */
  #state(): string {
    return JSON.stringify([...this.logs].map(([id, log]) => [id, stateOf(log)]));
  }

  #conversation(id: string): object {
    return this.#logOf(id).conversation(this.delivered.get(`${USER} ${id}`) ?? 0);
  }
}

function stateOf({ lastSeq, readSeq }: FakeLog): string {
  return `${lastSeq} ${readSeq}`;
}

function changeOf(log: FakeLog, name: ChangeName, actor: string, request: ChangeRequest) {
  const { message_id, content = '', emoji = '', action_id = '', set = true } = request;
  switch (name) {
    case 'message:edit':
      return log.edit(actor, message_id, content);
    case 'message:delete':
      return log.remove(actor, message_id);
    case 'reaction:set':
      return log.react(actor, message_id, emoji, set);
    case 'action:choose':
      return log.choose(actor, message_id, action_id);
  }
}
