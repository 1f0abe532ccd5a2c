import { AUDIT_ACTIONS, identityIdSchema, type AuditEntry } from '@agent-messenger/contracts';
import { UsageError, wholeNumber } from '../../command-line';
import { defineCommand } from '../command';

const MOST = 100_000;

export const audit = defineCommand({
  usage: '[--action ACTION] [--identity ID] [--last N]',
  summary: 'Shows the audit log, newest first: the last 100 entries, or the last N.',
  takes: 0,
  options: {
    action: { type: 'string' },
    identity: { type: 'string' },
    last: { type: 'string', default: '100' },
  },
  async run({ values: { action, identity, last } }, context) {
    const known = AUDIT_ACTIONS.find((each) => each === action);
    if (action !== undefined && known === undefined) {
      throw new UsageError(`there is no action "${action}"; there are ${AUDIT_ACTIONS.join(', ')}`);
    }
    const of = identityIdSchema.optional().safeParse(identity);
    if (!of.success)
      throw new UsageError(`--identity takes a user's or an agent's id, not "${identity}"`);
    let left = wholeNumber('--last', last, MOST);
    const entries = context.pages(async (cursor) => {
      const { entries: items, next_cursor } = await context.request('listAudit', {
        query: {
          limit: `${Math.min(left, 200)}`,
          ...(cursor !== undefined && { cursor }),
          ...(known !== undefined && { action: known }),
          ...(of.data !== undefined && { identity_id: of.data }),
        },
      });
      return { items, next_cursor };
    });
    for await (const entry of entries) {
      context.print(entry, [describe(entry)]);
      left -= 1;
      if (left === 0) return;
    }
  },
});

function describe({ at, actor, ip, action, target, result }: AuditEntry): string {
  const who = actor.id === null ? actor.kind : `${actor.kind} ${actor.id}`;
  const what = target === null ? action : `${action} ${target}`;
  return `${at}  ${result.padEnd(12)}  ${what}  by ${who}${ip === null ? '' : ` from ${ip}`}`;
}
