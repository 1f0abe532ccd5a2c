import type { PushConfig } from '@agent-messenger/contracts';
import type { Store } from '../../store';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/** What the push workers have announced that there are providers for. */
export interface AnnouncedPush {
  calls: Pick<Store, 'announcePush' | 'pushConfig'>;
  /** null: nothing was announced. */
  find(tx: Tx): Promise<PushConfig | null>;
}

const READ = `SELECT value FROM meta WHERE key = 'push_config'`;
const WRITE = `INSERT INTO meta (key, value) VALUES ('push_config', $1)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

export function createAnnouncedPush({ read, write }: Postgres): AnnouncedPush {
  async function find(tx: Tx): Promise<PushConfig | null> {
    const found = await tx.get<{ value: string }>(READ);
    return found ? (JSON.parse(found.value) as PushConfig) : null;
  }
  return {
    find,
    calls: {
      async announcePush(push) {
        await write((tx) => tx.run(WRITE, [JSON.stringify(push)]));
        return {};
      },
      pushConfig: () => read(async (tx) => ({ push: await find(tx) })),
    },
  };
}
