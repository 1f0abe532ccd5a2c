import { TestSocketPlain, type Refusal, type TestSocketBase } from '@agent-messenger/testkit';

/** Whether a connection came about: `ok`, or the code with which it was refused. It is closed then. */
export async function outcomeOf(socket: TestSocketBase): Promise<string> {
  try {
    await socket.synced();
    return 'ok';
  } catch (error) {
    const { data } = error as Error & { data?: Refusal };
    const told = socket instanceof TestSocketPlain ? socket.errors[0] : data;
    if (told === undefined) throw error;
    return told.code;
  } finally {
    socket.close();
  }
}
