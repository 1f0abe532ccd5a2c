import { createLogger } from '@agent-messenger/service-kit';
import { ReaderThreadSlot } from './reader-thread-slot';
import type { ReadTask } from './read-task';

const log = createLogger({ name: 'test', level: 'silent' });

test('a slot whose thread cannot start is free again', async () => {
  const slot = new ReaderThreadSlot({
    entry: 'neither absolute nor a URL',
    data: {} as never,
    log,
  });
  for (let n = 0; n < 2; n += 1) {
    await expect(slot.run({} as ReadTask)).rejects.toThrow();
    expect(slot.isBusy).toBe(false);
  }
});
