import { healthSchema } from '@agent-messenger/contracts';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { parseJson } from './parse-json';
import { sharedLookup } from './shared-lookup';

let probes: Agent | undefined;
/** Of what asks how a service is. Made when it is asked for: programs that ask nothing load no undici. */
function probing(): Agent {
  return (probes ??= new Agent({ connect: { timeout: 2_000, lookup: sharedLookup } }));
}

const readinessSchema = healthSchema.pick({ dependencies: true });
const aliveSchema = z.object({ version: z.string().optional() });

/** Resolves when the service at this internal URL, or a replica at one of these, is ready. */
export function pingService(url: string | readonly string[]): Promise<void> {
  return ofAny(url, async (each) => {
    const path = new URL('/readyz?brief', each);
    const { statusCode, body } = await request(path, {
      dispatcher: probing(),
      headersTimeout: 2_000,
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  });
}

/**
 * Resolves when a dependency of the service at this internal URL is well, as the service, or a replica, itself finds.
 */
export function pingDependency(url: string | readonly string[], name: string): Promise<void> {
  return ofAny(url, async (each) => {
    const path = new URL(`/readyz?only=${name}`, each);
    const { statusCode, body } = await request(path, {
      dispatcher: probing(),
      headersTimeout: 3_000,
    });
    // A proxy in between answers something else.
    const answer = readinessSchema.safeParse(parseJson(await body.text()));
    if (answer.data?.dependencies[name]?.status !== 'ok') throw new Error(`answered ${statusCode}`);
  });
}

/** The version of a service, or of a replica, that answers. @throws when none does */
export function versionOf(url: string | readonly string[]): Promise<string | null> {
  return ofAny(url, async (each) => {
    const path = new URL('/livez', each);
    const { body } = await request(path, { dispatcher: probing(), headersTimeout: 3_000 });
    return aliveSchema.parse(parseJson(await body.text())).version ?? null;
  });
}

async function ofAny<T>(
  url: string | readonly string[],
  ask: (url: string) => Promise<T>,
): Promise<T> {
  try {
    return await Promise.any([url].flat().map(ask));
  } catch (error) {
    const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
    throw first ?? error;
  }
}
