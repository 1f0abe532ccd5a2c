import { AppError } from '@agent-messenger/service-kit';

export function noSuchAgent(): AppError {
  return new AppError('not_found', 'No such agent.');
}
