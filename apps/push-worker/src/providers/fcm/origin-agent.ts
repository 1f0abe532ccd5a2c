import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseRetryAfter } from '../retry-after';
import type { FcmAnswer } from './verdict';

const ANSWER_CHARS = 65_536;

interface Exchange {
  answer?: FcmAnswer;
}

/** Part of https.Agent, though not of its types: how node:http hands a request to its agent. */
interface RequestTaker {
  addRequest(request: ClientRequest, options: object): void;
}
const takeRequest = (Agent.prototype as unknown as RequestTaker).addRequest;

/**
 * Takes the requests of an SDK, whose host is fixed, to the configured origin: a stand-in or a corporate proxy. And
 * remembers how a request was answered, of which the SDK passes on too little.
 */
export class OriginAgent extends Agent {
  private readonly exchanges = new AsyncLocalStorage<Exchange>();
  private readonly target: { host: string; port: number; servername: string };

  constructor(origin: string, options: AgentOptions) {
    super(options);
    const { hostname, port } = new URL(origin);
    this.target = {
      host: hostname,
      port: Number(port || 443),
      // TLS knows names only; without one it checks the address.
      servername: isIP(hostname) ? '' : hostname,
    };
  }

  /** Runs `work`, and afterwards has the last answer that a request of it got. */
  async observe(work: () => Promise<unknown>): Promise<{ error?: unknown; answer?: FcmAnswer }> {
    const exchange: Exchange = {};
    try {
      await this.exchanges.run(exchange, work);
      return exchange;
    } catch (error) {
      return { ...exchange, error };
    }
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return super.createConnection({ ...options, ...this.target }, callback);
  }

  addRequest(request: ClientRequest, options: object): void {
    const exchange = this.exchanges.getStore();
    if (exchange) {
      delete exchange.answer;
      request.prependOnceListener('response', (response) => collect(response, exchange));
    }
    takeRequest.call(this, request, options);
  }
}

/** Listens beside the SDK, which reads the response. */
function collect(response: IncomingMessage, exchange: Exchange): void {
  let text = '';
  response.on('data', (chunk: Buffer) => {
    if (text.length < ANSWER_CHARS) text += chunk.toString();
  });
  response.on('end', () => {
    exchange.answer = {
      status: response.statusCode ?? 0,
      body: parseJson(text),
      ...parseRetryAfter(response.headers['retry-after']),
    };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A page of a proxy, for instance: its status says enough.
    return undefined;
  }
}
