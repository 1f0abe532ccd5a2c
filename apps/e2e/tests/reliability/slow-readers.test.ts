import { TestSocketPlain, waitFor, type ServiceProcess } from '@agent-messenger/testkit';
import {
  gatewaysOf,
  inParallel,
  metricOf,
  seqsTo,
  startReliability,
  type Member,
  type Reliability,
} from './setup';

const READERS = 300;
/** More than the kernel takes for a connection (about 3 MiB on Linux' loopback) and the gateway keeps for it. */
const BACKLOG = { messages: 100, characters: 60_000 };
const SLOW_CONSUMER_MS = 3_000;
/** The high-water mark, a page that waits to be written, and what V8 has not collected of both. */
const PER_READER_BYTES = 6 * 1024 * 1024;
}
