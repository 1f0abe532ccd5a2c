import { whole } from '@agent-messenger/service-kit';
import { z } from 'zod';

export const databaseConfig = {
  DATABASE_URL: z
    .string()
    .regex(
      /^postgres(ql)?:\/\/[^/?]+\/[^/?]+/,
      'must be postgres://user:password@host:port/database',
    )
    .optional()
    .describe(
      'The PostgreSQL store, `postgres://user:password@host:port/database`, for several replicas of messages at once. The tables are made in it. Parameters of libpq, `?sslmode=verify-full&sslrootcert=…`, may follow.',
    ),
  DATABASE_CONNECTIONS: whole(
    5,
    1_000,
    'Connections that a replica opens to PostgreSQL at most. All replicas together, those of an upgrade included, have to fit into its `max_connections`.',
  ).default(10),
  DATABASE_REPLICATION: z
    .enum(['asynchronous', 'synchronous'])
    .default('asynchronous')
    .describe(
      'Whether a commit waits for a standby (`synchronous_standby_names` is set). Then a standby that becomes the primary lacks nothing, and clients go on where they are; otherwise the log gets another `log_id`, and they reload.',
    ),
};
