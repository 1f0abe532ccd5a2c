import type { Stack } from '@agent-messenger/testkit';
import { runAdmin } from '../src/admin/run-admin';

interface AdminInput {
  secret?: string;
  env?: Record<string, string>;
}

/** What making an agent or a key answers. */
export interface Created {
  agent: { id: string };
  api_key: string;
  key_id: string;
}

/** The admin command against this stack: what it printed, and the same of `--json`. */
export function commandsOf(stack: () => Stack) {
  async function admin(args: string[], { secret = '', env = {} }: AdminInput = {}) {
    const lines: string[] = [];
    const { adminUrl, dataDir } = stack();
    await runAdmin([...args, '--url', adminUrl, '--data-dir', dataDir], {
      env,
      print: (line) => lines.push(line),
      warn: (line) => lines.push(line),
      askSecret: async () => secret,
    });
    return lines.join('\n');
  }

  async function adminJson<T>(args: string[], options?: AdminInput): Promise<T> {
    return JSON.parse(await admin([...args, '--json'], options)) as T;
  }

  return { admin, adminJson };
}
