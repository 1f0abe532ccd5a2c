import { z } from 'zod';
import { errorSchema } from '../errors';
import type { SchemaBook } from '../json-schema';
import type { RequestName, ServerEventName } from '../sockets';
import { requests, serverEvents } from '../sockets';

export const KINDS = { client: 'user', agent: 'agent' } as const;
/** Whose channel it is: of people, or of agents. */
export type Audience = keyof typeof KINDS;
export const AUDIENCES = Object.keys(KINDS) as Audience[];
export const SERVER_EVENTS = Object.keys(serverEvents) as ServerEventName[];
export const REQUESTS = Object.keys(requests) as RequestName[];

/** Keys of an AsyncAPI document are of `[A-Za-z0-9._-]`: without the colon of our names. */
export const keyOf = (event: string) => event.replaceAll(':', '.');
export const ackKeyOf = (event: string) => `${keyOf(event)}.ack`;
/** Apart from requests: `typing` is both. */
export const serverKeyOf = (event: string) => `server.${keyOf(event)}`;

export function requestsOf(audience: Audience): RequestName[] {
  return REQUESTS.filter((name) => {
    const from: readonly string[] = requests[name].from;
    return from.includes(KINDS[audience]);
  });
}

/** Of what answers with this, or, null, with nothing more than that it was done. */
export function ackSchemaOf(ack: z.ZodObject | null): z.ZodType {
  const ok = z.object({ ok: z.literal(true), ...ack?.shape });
  return z.union([ok, z.object({ ok: z.literal(false), error: errorSchema })]);
}

/** Requests, their acks and server events: the same on both transports, which wrap them differently. */
export function catalogueMessages(book: SchemaBook): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const name of REQUESTS) {
    const { payload, ack, summary } = requests[name];
    all[keyOf(name)] = { name, summary, payload: book.schemaOf(payload, 'input') };
    const answer = book.schemaOf(ackSchemaOf(ack), 'output');
    all[ackKeyOf(name)] = { name: `ack of ${name}`, payload: answer };
  }
  for (const name of SERVER_EVENTS) {
    const { description, ...payload } = book.schemaOf(serverEvents[name], 'output');
    all[serverKeyOf(name)] = { name, ...(description && { summary: description }), payload };
  }
  return all;
}
