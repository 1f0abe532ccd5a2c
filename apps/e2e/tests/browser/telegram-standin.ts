import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface Update {
  update_id: number;
  message: { chat: { id: number }; text: string; reply_to_message: { text: string } };
}

/** Telegram's Bot API, with somebody in the chat who replies to each message of the bot. */
export class TelegramStandin {
  readonly #updates: Update[] = [];
  readonly #told = new EventEmitter();
  readonly url: string;

  private constructor(
    private readonly server: Server,
    private readonly token: string,
    private readonly chat: string,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(of: { token: string; chat: string }): Promise<TelegramStandin> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const standin = new TelegramStandin(server, of.token, of.chat);
    server.on('request', (request, response) => {
      void json(request).then(async (body) => {
        const result = await standin.#answer(request.url ?? '', body as Record<string, unknown>);
        const isKnown = result !== undefined;
        response.statusCode = isKnown ? 200 : 404;
        response.end(JSON.stringify(isKnown ? { ok: true, result } : { ok: false }));
      });
    });
    return standin;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #answer(path: string, body: Record<string, unknown>): Promise<unknown> {
    if (path === `/bot${this.token}/sendMessage` && body['chat_id'] === this.chat) {
      const text = String(body['text']);
      const reply = `By Telegram: ${text.split('\n')[0]}`;
      const chat = { id: Number(this.chat) };
      const message = { chat, text: reply, reply_to_message: { text } };
      this.#updates.push({ update_id: this.#updates.length + 1, message });
      this.#told.emit('update');
      return message;
    }
    if (path !== `/bot${this.token}/getUpdates`) return undefined;
    const news = () => this.#updates.filter(({ update_id }) => update_id >= Number(body['offset']));
    // A long poll.
    if (news().length === 0) await once(this.#told, 'update');
    return news();
  }
}
