import { AppError } from '@agent-messenger/service-kit';

/** It was another one's that the person has confirmed: the same answer as for a wrong password. */
export function passwordChanged(): AppError {
  return new AppError('unauthorized', 'The credentials are wrong');
}
