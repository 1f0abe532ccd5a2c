import type { Ack, RequestName, ServerEventName } from '@agent-messenger/contracts';
import { isRequest } from '../limits/request-limits';
import { PageAck } from '../compact/page-ack';

/** What a peer asks for. */
export interface Asked {
  name: RequestName;
  payload: unknown;
  /** Of the ack that it waits for. */
  id: number | undefined;
}

/** Longer ones are not those that a client counts. */
const ID_DIGITS = 15;

/**
 * The packets of one namespace that Socket.IO's clients and this gateway have for each other all the time, as its protocol 5 has
 * them. It would look for binary data in each, and hand it through several listeners and a tick.
 */
export class SocketIoPackets {
  private readonly events: string;
  private readonly acks: string;

  constructor(namespace: string) {
    this.events = `2${namespace},`;
    this.acks = `3${namespace},`;
  }

  /** @returns undefined for what Socket.IO has to look at: another packet, or nothing of this protocol */
  read(text: string): Asked | undefined {
    if (!text.startsWith(this.events)) return undefined;
    const begin = text.indexOf('[', this.events.length);
    const id = text.slice(this.events.length, begin);
    if (begin < 0 || id.length > ID_DIGITS || !/^\d*$/.test(id)) return undefined;
    const data = parse(text.slice(begin));
    if (!Array.isArray(data)) return undefined;
    const [name, payload] = data as unknown[];
    if (typeof name !== 'string' || !isRequest(name)) return undefined;
    return { name, payload, id: id === '' ? undefined : Number(id) };
  }

  event(name: ServerEventName, payload: unknown): string {
    return `${this.events}${JSON.stringify([name, payload])}`;
  }

  ack(id: number, answer: Ack<RequestName> | PageAck): string {
    return `${this.acks}${id}[${answer instanceof PageAck ? answer.json : JSON.stringify(answer)}]`;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
