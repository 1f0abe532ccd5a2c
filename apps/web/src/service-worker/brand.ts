import { newestManifest } from './shell';

/** A browser gives a push some seconds until its notification is there. */
const LONGEST_WAIT_MS = 2_000;

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
    const answer = await newestManifest(scope, LONGEST_WAIT_MS);
    const { name, icons } = (await answer.json()) as Manifest;
    return { name, icon: icon(icons.find(({ type }) => type !== 'image/svg+xml')?.src) };
  } catch {
    return { name: 'Agent Messenger', icon: icon('icon-192.png') };
  }
}
