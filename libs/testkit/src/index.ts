export { createAgent, createPerson, type Agent, type Person } from './identities';
export { rest, type RestAnswer, type RestOptions } from './rest';
export { startRedis, type RedisProcess, type RedisOptions } from './redis-process';
export { waitFor } from './wait-for';
export { inParallel } from './in-parallel';
export { findRoot } from './find-root';
export { freePort } from './free-port';
export { LaunchError } from './stack/launch-error';
export { writeWhole } from './stack/write-whole';
export { ServiceProcess, type ServiceProcessOptions } from './stack/service-process';
export { LogFile } from './stack/log-file';
export {
  startStack,
  type GatewayHandle,
  type Stack,
  type StackOptions,
  type StackRedis,
} from './stack/stack';
export { LIFTED_LIMITS } from './stack/lifted-limits';
export type { ServiceName } from './stack/service-environment';
export { TestSocket, type TestSocketOptions } from './test-socket';
export { TestSocketBase, type Refusal } from './test-socket-base';
export { TestSocketPlain } from './test-socket-plain';
export { openTestSocket, type Transport } from './test-socket-open';
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy';
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
