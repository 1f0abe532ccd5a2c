import { AppError } from '@agent-messenger/service-kit';

export function noSuchUser(): AppError {
  return new AppError('not_found', 'No such user.');
}
