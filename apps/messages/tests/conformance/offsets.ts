import { createWorld, type OpenStore } from './world';

export function describeOffsets(open: OpenStore): void {
  test('consumers have an offset each, 0 at first', async () => {
    const { store, user } = await createWorld(open);
    expect([await store.offset('relay'), await store.offset('push')]).toEqual([0, 0]);
    store.advance('relay', 7);
    expect([await store.offset('relay'), await store.offset('push')]).toEqual([7, 0]);
    await user();
    store.advance('push', 3);
    expect([await store.offset('relay'), await store.offset('push')]).toEqual([7, 3]);
  });
}
