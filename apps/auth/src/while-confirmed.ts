import { AppError } from '@agent-messenger/service-kit';

/**
 * Does what a password was confirmed for. The store refuses it when the hash that the password was compared with is no
 * longer there: then the password is compared once more with the one that is, which may be a rehash of it.
 * @throws AppError what `confirm` refuses; `unauthorized` when the hash has changed again
 */
export async function whileConfirmed<Confirmed, Done>(
  confirm: (again: boolean) => Promise<Confirmed>,
  act: (confirmed: Confirmed) => Promise<Done>,
): Promise<Done> {
  const confirmed = await confirm(false);
  try {
    return await act(confirmed);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'unauthorized')) throw error;
    return act(await confirm(true));
  }
}
