export { attempt, fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
