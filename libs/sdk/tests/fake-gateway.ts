import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  Ack,
  ClientToServer,
  Event,
  EventPage,
  Message,
  RequestPayload,
  Send,
  ServerToClient,
  WireError,
} from '@agent-messenger/contracts';
import { Server, type Namespace, type Socket } from 'socket.io';

type WireSocket = Socket<ClientToServer, ServerToClient>;
type Seen = { name: string; data: unknown };

export const USER = 'usr_1';
export const AGENT = 'agt_1';
export const CONVERSATION = 'cnv_1';
const AT = '2026-01-01T00:00:00.000Z';
const API_KEY = 'key-1';

/** A gateway in memory that follows the contract for one person, one agent and their conversations, and can be told to fail. */
export class FakeGateway {
  readonly http = createServer((request, response) => void this.#serve(request, response));
  readonly io = new Server<ClientToServer, ServerToClient>(this.http, {
    transports: ['websocket'],
  });
  readonly logs = new Map<string, Event[]>([[CONVERSATION, [this.#created(CONVERSATION)]]]);
  readonly delivered = new Map<string, number>();
  /** Everything that clients asked for, in order. */
  readonly seen: Seen[] = [];
  readonly tokens = new Set<string>();
  readonly sockets = new Map<string, WireSocket>();
  logId = 'log-1';
  expiresIn = 300;
  /** Decides about a send before it is carried out: an error answers, `lose` carries out and loses the ack. */
  onSend: (send: Send) => WireError | 'lose' | null = () => null;
  onHandshake: (id: string) => WireError | null = () => null;
  onRest: (path: string) => WireError | null = () => null;
  url = '';
  #issued = 0;

  async start(): Promise<void> {
    this.#namespace(this.io.of('/client'), USER);
    this.#namespace(this.io.of('/agent'), AGENT);
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.io.close();
  }

  count(name: string): number {
    return this.seen.filter((each) => each.name === name).length;
  }

  log(conversationId = CONVERSATION): Event[] {
    return this.logs.get(conversationId) ?? [];
  }

  messages(conversationId = CONVERSATION): Message[] {
    return this.log(conversationId).flatMap((event) =>
      event.type === 'message.created' ? [event.message] : [],
    );
  }

  open(conversationId: string): void {
    this.logs.set(conversationId, []);
    this.#append(this.#created(conversationId), true);
  }

  /** A message in the log; `live: false` loses the event on its way, as a broken subscription does. */
  say(
    sender: string,
    content: string,
    { id = CONVERSATION, live = true, client_id = `c${Math.random()}`, deleted = false } = {},
  ): Message {
    const seq = this.log(id).length + 1;
    const actor = actorOf(sender);
    const message: Message = {
      id: `msg_${id}-${seq}`,
      conversation_id: id,
      seq,
      updated_seq: seq,
      sender: actor,
      client_id,
      content: deleted ? null : content,
      reactions: [],
      created_at: AT,
      ...(deleted ? { deleted_at: AT } : {}),
    };
    this.#append(
      { conversation_id: id, seq, actor, at: AT, type: 'message.created', message },
      live,
    );
    return message;
  }

  socket(id: string): WireSocket {
    const socket = this.sockets.get(id);
    if (!socket) throw new Error(`${id} is not connected`);
    return socket;
  }

  #append(event: Event, live: boolean): void {
    this.log(event.conversation_id).push(event);
    if (live) for (const socket of this.sockets.values()) socket.emit('event', event);
  }

  #created(id: string): Event {
    return {
      conversation_id: id,
      seq: 1,
      actor: actorOf(USER),
      at: AT,
      type: 'conversation.created',
      conversation: {
        id,
        title: null,
        created_at: AT,
        members: [
          { id: USER, kind: 'user', name: 'ada' },
          { id: AGENT, kind: 'agent', name: 'echo' },
        ],
      },
    };
  }

  #namespace(namespace: Namespace<ClientToServer, ServerToClient>, id: string): void {
    namespace.use((socket, next) => {
      const { token } = socket.handshake.auth as { token?: string };
      this.seen.push({ name: 'handshake', data: { id, token } });
      const refused =
        this.onHandshake(id) ??
        (token !== undefined && this.tokens.has(token)
          ? null
          : { code: 'unauthorized' as const, message: 'no' });
      next(refused ? Object.assign(new Error(refused.message), { data: refused }) : undefined);
    });
    namespace.on('connection', (socket) => this.#connected(socket, id));
  }

  #connected(socket: WireSocket, id: string): void {
    const before = this.sockets.get(id);
    before?.emit('replaced', {});
    before?.disconnect(true);
    this.sockets.set(id, socket);
    socket.on('disconnect', () => {
      if (this.sockets.get(id) === socket) this.sockets.delete(id);
    });
    socket.onAny((name: string, data: unknown) => this.seen.push({ name, data }));
    socket.emit('connected', {
      identity: actorOf(id),
      connection_id: socket.id,
      log_id: this.logId,
      protocol_version: 1,
      server_time: AT,
    });
    for (const [conversationId, log] of this.logs) {
      const from = this.delivered.get(`${id} ${conversationId}`) ?? 0;
      for (const event of log.slice(from)) socket.emit('event', event);
    }
    socket.emit('synced', {});
    socket.on('message:send', (send, ack) => this.#send(id, send as Send, ack));
    socket.on('received', ({ conversation_id, seq }, ack?: (answer: { ok: true }) => void) => {
      const key = `${id} ${conversation_id}`;
      this.delivered.set(key, Math.max(seq, this.delivered.get(key) ?? 0));
      ack?.({ ok: true });
    });
    socket.on('sync', (request, ack) =>
      ack?.({ ok: true, ...this.#page(request as RequestPayload<'sync'>) }),
    );
    socket.on('read', (_, ack?: (answer: { ok: true }) => void) => ack?.({ ok: true }));
    socket.on('auth:refresh', (_, ack) => ack?.({ ok: true, expires_in: this.expiresIn }));
    socket.on('presence:watch', ({ identities }, ack) =>
      ack?.({
        ok: true,
        presence: identities.map((each) => ({
          identity_id: each,
          status: 'online' as const,
          last_seen: null,
        })),
      }),
    );
  }

  #send(id: string, send: Send, ack?: (answer: Ack<'message:send'>) => void): void {
    const verdict = this.onSend(send);
    if (verdict !== null && verdict !== 'lose') return ack?.({ ok: false, error: verdict });
    const first = this.messages(send.conversation_id).find(
      (each) => each.sender.id === id && each.client_id === send.client_id,
    );
    if (first && first.content !== send.content) {
      const error = { code: 'conflict' as const, message: 'taken', message_id: first.id };
      return ack?.({ ok: false, error });
    }
    const { conversation_id, client_id, content } = send;
    const message = first ?? this.say(id, content, { id: conversation_id, client_id });
    if (verdict === 'lose') this.socket(id).conn.close();
    else ack?.({ ok: true, message, duplicate: first !== undefined });
  }

  #page({ conversation_id, after_seq, limit }: RequestPayload<'sync'>): EventPage {
    const rest = this.log(conversation_id).slice(after_seq);
    return {
      events: rest.slice(0, limit),
      has_more: rest.length > limit,
      last_seq: this.log(conversation_id).length,
      log_id: this.logId,
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', 'http://x');
    const name = `${request.method} ${url.pathname}`;
    this.seen.push({ name, data: body === '' ? url.search : JSON.parse(body) });
    const refused = this.onRest(name);
    const answer = refused ? null : this.#answer(name, request, body, url);
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
        return (JSON.parse(body) as { password: string }).password === 'right' ? tokens() : null;
      case 'POST /auth/refresh':
        return tokens();
      case 'POST /auth/agent/token':
        return request.headers.authorization === `Bearer ${API_KEY}`
          ? { ...token(), agent_id: AGENT }
          : null;
      case 'GET /conversations': {
        const since = url.searchParams.get('since');
        const changed = [...this.logs.keys()].filter((id) => since !== this.#state(id));
        return {
          conversations: changed.map((id) => this.#conversation(id)),
          removed: [],
          next_cursor: null,
          sync_token: this.#state(CONVERSATION),
          log_id: this.logId,
        };
      }
      default: {
        const id = name.split('/')[2] ?? '';
        return this.logs.has(id) ? this.#conversation(id) : null;
      }
    }
  }

  #state(id: string): string {
    return `${this.logId}-${this.log(id).length}`;
  }

  #conversation(id: string): object {
    const [first] = this.log(id);
    return {
      ...(first?.type === 'conversation.created' ? first.conversation : {}),
      last_seq: this.log(id).length,
      last_message: this.messages(id).at(-1) ?? null,
      unread_count: 0,
      delivered_seq: this.delivered.get(`${USER} ${id}`) ?? 0,
      read_seq: 0,
      muted: false,
      archived: false,
      tags: [],
    };
  }
}

function actorOf(id: string) {
  return {
    id: id as 'usr_1',
    kind: id.startsWith('agt_') ? ('agent' as const) : ('user' as const),
  };
}
