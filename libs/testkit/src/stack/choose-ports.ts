import { freePort } from '../free-port';

/** Variables of services, with those of the addresses that they are of: the first one that is set counts. */
const PORTS = [
  ['PORT', ['HOST']],
  ['INTERNAL_PORT', ['INTERNAL_HOST', 'HOST']],
] as const;

export function takesAnyPort(env: Record<string, string>): boolean {
  return PORTS.some(([port]) => env[port] === '0');
}

/**
 * Ports in the place of any: what the system gives to a process it may have given to another one by the time that the
 * process comes back.
 */
export async function choosePorts(env: Record<string, string>): Promise<Record<string, string>> {
  const chosen: Record<string, string> = {};
  for (const [port, hosts] of PORTS) {
    if (env[port] !== '0') continue;
    const host = hosts.map((name) => env[name]).find(Boolean);
    chosen[port] = `${await freePort(0, host)}`;
  }
  return chosen;
}
