import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerWithin } from '../answer-within';
import { parseRetryAfter } from '../retry-after';
import type { FcmAnswer } from './verdict';

const ANSWER_CHARS = 65_536;

/** A piece of work of the SDK, and the one request that it may make for it. */
interface Exchange {
  request?: ClientRequest;
  isOver: boolean;
  onAnswer: (answer: FcmAnswer) => void;
}

/** Part of https.Agent, though not of its types: how node:http hands a request to its agent. */
interface RequestTaker {
  addRequest(request: ClientRequest, options: object): void;
}
const takeRequest = (Agent.prototype as unknown as RequestTaker).addRequest;

/**
 * Takes the requests of an SDK, whose host is fixed, to the configured origin: a stand-in or a corporate proxy. And
 * knows how a request was answered, of which the SDK passes on too little.
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

  /**
   * Runs `work` and resolves with the answer to its first request. There is no second one: the SDK would try again by
   * itself, even when the deadline is long past and another job has sent the same.
   * @throws PushError after the deadline, and what `work` throws without an answer
   */
  async firstAnswer(work: () => Promise<unknown>, deadlineMs: number): Promise<FcmAnswer> {
    const exchange: Exchange = { isOver: false, onAnswer: () => undefined };
    const answered = new Promise<FcmAnswer>((resolve, reject) => {
      exchange.onAnswer = resolve;
      this.exchanges.run(exchange, work).catch(reject);
    });
    try {
      return await answerWithin(deadlineMs, answered);
    } catch (error) {
      // Its socket would be taken until the SDK's own deadline.
      exchange.request?.destroy();
      throw error;
    } finally {
      exchange.isOver = true;
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
    if (exchange?.request || exchange?.isOver) {
      request.destroy();
      process.nextTick(() => request.emit('error', new Error('there is no second request')));
      return;
    }
    if (exchange) {
      exchange.request = request;
      request.prependOnceListener('response', (response) => collect(response, exchange.onAnswer));
    }
    takeRequest.call(this, request, options);
  }
}

/** Listens beside the SDK, which reads the response. */
function collect(response: IncomingMessage, onAnswer: Exchange['onAnswer']): void {
  let text = '';
  response.on('data', (chunk: Buffer) => {
    if (text.length < ANSWER_CHARS) text += chunk.toString();
  });
  response.on('end', () => {
    onAnswer({
      status: response.statusCode ?? 0,
      body: parseJson(text),
      ...parseRetryAfter(response.headers['retry-after']),
    });
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
