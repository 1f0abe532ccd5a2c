import { baseConfig, redisConfig, whole } from '@agent-messenger/service-kit';
import { z } from 'zod';
import { databaseConfig } from './store/postgres/database-config';
import { storageConfig } from './storage/storage-config';

const variables = z.object({
  ...baseConfig,
  ...redisConfig,
  DB_PATH: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the SQLite store, on a local disk; made when it is missing. Either this or `DATABASE_URL`.',
    ),
  ...databaseConfig,
  KEEP_PREVIOUS_STORE_DAYS: whole(
    0,
    3_650,
    'How long the file of the store from before an upgrade that wrote it anew is kept beside it, days. It has texts that were deleted since.',
  ).default(7),
  MAX_CONVERSATIONS_PER_PERSON: whole(
    1,
    1_000_000,
    'Conversations that a person may have at a time; one more is answered `conflict`.',
  ).default(10_000),
  ...storageConfig,
  READER_THREADS: whole(
    0,
    64,
    'Threads that read pages of history, listings, exports and so on beside the one that writes; 0: the one that writes.',
  ).default(2),
  PUSH_GRACE_MS: whole(
    0,
    600_000,
    'How long a message may remain unreceived before a push is due, milliseconds.',
  ).default(2_000),
  PUSH_QUEUE_MAX_BYTES: whole(
    50_331_648,
    1_000_000_000_000,
    'Memory of Redis that the queues of all push providers may take, bytes, a third of it each; about 1.4 kB a job for one device, 0.2 kB a device in a batch. What is above that waits in the store.',
  ).default(134_217_728),
  AUDIT_RETENTION_DAYS: whole(
    0,
    36_500,
    'How long entries of the audit log are kept, days; 0 keeps them for ever.',
  ).default(365),
});
export const configSchema = variables.refine(
  ({ DB_PATH, DATABASE_URL }) => (DB_PATH === undefined) !== (DATABASE_URL === undefined),
  { path: ['DATABASE_URL'], message: 'set either DB_PATH or DATABASE_URL, not both' },
);
export type Config = z.output<typeof configSchema>;
