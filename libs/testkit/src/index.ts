export { createAgent, createPerson, type Agent, type Person } from './identities';
export { callRest, rest, type RestAnswer, type RestOptions } from './rest';
export { startRedis, type RedisProcess, type RedisOptions } from './redis-process';
export { startRedisSentinels, type RedisSentinels } from './redis-sentinels';
export { StreamCopies } from './stream-copies';
export { waitFor, waitForProgress } from './wait-for';
export { inParallel } from './in-parallel';
export { metricOf } from './metric-of';
export { findRoot } from './find-root';
export { codeBlocks, type CodeBlock } from './code-blocks';
export { hasPythonWith, PYTHON } from './python';
export { runsHere } from './runs-here';
export { freePort } from './free-port';
export { Wire } from './wire';
export { findChromium, launchChromium } from './chromium';
export { LaunchError } from './stack/launch-error';
export { readAddresses, type StackAddresses } from './stack/folder-lock';
export { writeWhole } from './stack/write-whole';
export { ServiceProcess, type ServiceProcessOptions } from './stack/service-process';
export { processStat } from './stack/process-stat';
export { LogFile } from './stack/log-file';
export {
  startStack,
  type GatewayHandle,
  type Stack,
  type StackOptions,
  type StackRedis,
} from './stack/stack';
export { LIFTED_LIMITS, LIFTED_QUOTAS } from './stack/lifted-limits';
export type { ServiceName } from './stack/service-environment';
export { TestSocket, type TestSocketOptions } from './test-socket';
export { TestSocketBase, type Refusal } from './test-socket-base';
export { TestSocketPlain } from './test-socket-plain';
export { openTestSocket, type Transport } from './test-socket-open';
export { GREEDY_PEERS } from './abuse/catalogue';
export type { GreedyPeer } from './abuse/greedy-peer';
export { ABUSE_ENVIRONMENT, fillStore, GREEDY_ADDRESS, type AbuseScene } from './abuse/scene';
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy';
export { startPathProxy, type PathProxy, type PathProxyOptions } from './path-proxy';
export { checkHistory } from './history/check-history';
export {
  entriesOf,
  groupBy,
  Recorder,
  type Entry,
  type EntryOf,
  type Violation,
} from './history/history';
export { timeline } from './history/timeline';
export { startPushStandins, type PushStandins } from './push/push-standins';
export { createTestTls, type TestTls } from './push/test-ca';
export { createVapidKeys, type VapidKeys } from './push/vapid-keys';
export { fcmError } from './push/fcm-standin';
export { trustAuthority } from './push/trust-authority';
export type { ShownNotification } from './push/shown-notification';
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver';
export { takeBaseBackup } from './postgres/base-backup';
export { findPostgres } from './postgres/find-postgres';
export { hasPgBouncer, startPgBouncer, type PgBouncerProcess } from './postgres/pgbouncer-process';
export { startPostgresPair, type PostgresPair } from './postgres/postgres-pair';
export {
  startPostgres,
  type PostgresOptions,
  type PostgresProcess,
} from './postgres/postgres-process';
