import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { defineCommand } from '../command';
import { findUser } from './find-user';

export const exportUser = defineCommand({
  usage: '<username|user-id> --out FILE',
  summary: 'Writes everything that is kept about a person to a new file, one JSON object a line.',
  takes: 1,
  options: { out: { type: 'string', default: '' } },
  async run({ args: [named = ''], values }, context) {
    const user = await findUser(context, named);
    const file = values.out || `${user.id}.ndjson`;
    let records = 0;
    const pages = context.pages(async (cursor) => {
      const page = await context.request('exportUser', {
        params: { user_id: user.id },
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items: page.records, next_cursor: page.next_cursor };
    });
    async function* lines() {
      for await (const record of pages) {
        records += 1;
        yield `${JSON.stringify(record)}\n`;
      }
    }
    // Private texts: for its owner alone, and nothing that exists is overwritten.
    const out = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    await once(out, 'open');
    try {
      await pipeline(lines, out);
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    }
    context.print({ file, records }, [`${records} records in ${file}`]);
  },
});
