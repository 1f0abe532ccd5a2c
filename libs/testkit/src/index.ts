export { createAgent, createPerson, type Agent, type Person } from './identities';
export { rest, type RestAnswer, type RestOptions } from './rest';
export { startRedis, type RedisProcess, type RedisOptions } from './redis-process';
export { waitFor } from './wait-for';
export { findRoot } from './find-root';
export { LaunchError } from './stack/launch-error';
export { ServiceProcess, type ServiceProcessOptions } from './stack/service-process';
export { LogFile } from './stack/log-file';
export {
  startStack,
  type GatewayHandle,
  type Stack,
  type StackOptions,
  type StackRedis,
} from './stack/stack';
export type { ServiceName } from './stack/service-environment';
export { TestSocket, type TestSocketOptions } from './test-socket';
