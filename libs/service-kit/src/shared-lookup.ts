import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Answer = Parameters<LookupFunction>[2];

/**
 * A lookup of names for sockets that asks once for all who want to know the same at the same time. The system's keeps
 * one of Node's four threads until DNS has answered or was given up, 10 s later: four connections to a replica that is
 * gone, name and all, would otherwise keep everybody from the ones that are there.
 */
export function createSharedLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  const waiting = new Map<string, Answer[]>();
  return (hostname, options, answer) => {
    const question = JSON.stringify([hostname, options]);
    const others = waiting.get(question);
    if (others) return void others.push(answer);
    const all = [answer];
    waiting.set(question, all);
    lookup(hostname, options, (error, address, family) => {
      waiting.delete(question);
      for (const each of all) each(error, address, family);
    });
  };
}

/** One for the process: so are its threads. */
export const sharedLookup = createSharedLookup();
