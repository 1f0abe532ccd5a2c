import { defineCommand } from '../command';

export const connections = defineCommand({
  usage: '[--end IDENTITY-ID]',
  summary:
    'Lists the live connections on all gateways, or ends that of an identity; it may come back at once.',
  takes: 0,
  options: { end: { type: 'string' } },
  async run({ values: { end } }, context) {
    if (end !== undefined) {
      await context.request('endConnection', { params: { identity_id: end } });
      return context.print({ ended: end }, [`ended the connection of ${end}`]);
    }
    const live = context.pages(async (cursor) => {
      const { connections: items, next_cursor } = await context.request('listConnections', {
        query: { limit: '200', ...(cursor !== undefined && { cursor }) },
      });
      return { items, next_cursor };
    });
    for await (const connection of live) {
      const { identity_id, status, gateway_id, connection_id, credential_id } = connection;
      context.print(connection, [
        `${identity_id}  ${status.padEnd(7)}  gateway ${gateway_id}  connection ${connection_id}  by ${credential_id}`,
      ]);
    }
  },
});
