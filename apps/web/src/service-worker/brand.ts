import { newestManifest } from './shell';

/** A browser gives a push some seconds until its notification is there. */
const LONGEST_WAIT_MS = 2_000;
/** Of these for the network: what is kept is read after that. */
const NETWORK_TIMEOUT_MS = 1_500;

interface Brand {
  name: string;
  /** None where the operator has only one that browsers do not draw there. */
  icon: string | undefined;
}
interface Manifest {
  name: string;
  icons: { src: string; type: string }[];
}

/** As the operator calls this installation; what is built in when no gateway has ever told. */
export async function brandOf(scope: string): Promise<Brand> {
  const icon = (src: string | undefined) => src && new URL(src, scope).href;
  try {
    const { name, icons } = await Promise.race([manifestOf(scope), lateness()]);
    return { name, icon: icon(icons.find(({ type }) => type !== 'image/svg+xml')?.src) };
  } catch {
    return { name: 'Agent Messenger', icon: icon('icon-192.png') };
  }
}

async function manifestOf(scope: string): Promise<Manifest> {
  const answer = await newestManifest(scope, NETWORK_TIMEOUT_MS);
  return (await answer.json()) as Manifest;
}

/** Rejects: what the browser keeps may be held up as the network may be. */
function lateness(): Promise<never> {
  return new Promise((_, reject) => setTimeout(reject, LONGEST_WAIT_MS, new Error('late')));
}
