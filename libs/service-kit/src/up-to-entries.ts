/**
 * Options of an `LRUCache` that keeps so many entries and takes memory as it fills. With `max` it takes all of it when
 * it is made: 100,000 entries are 20 ms of a core and 2 MB, used or not.
 */
export const upToEntries = (most: number) => ({ maxSize: most, sizeCalculation: () => 1 });
