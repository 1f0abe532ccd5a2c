import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UsageError } from '../../command-line';
import { messagesOf } from '../other-build';
import { storeBenchOptions } from './options';

test('defaults, and both stores', () => {
  expect(storeBenchOptions([])).toEqual({
    ...{ thousands: 500, store: 'sqlite', json: false, help: false },
  });
  expect(storeBenchOptions(['--store', 'postgres', '--thousands', '2000'])).toMatchObject({
    store: 'postgres',
    thousands: 2_000,
  });
  expect(() => storeBenchOptions(['--store', 'mysql'])).toThrow(UsageError);
});

test('another build is one that is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'am-against-'));
  try {
    expect(() => storeBenchOptions(['--against', folder])).toThrow(/build it there/);
    mkdirSync(dirname(messagesOf(folder)), { recursive: true });
    writeFileSync(messagesOf(folder), '');
    expect(storeBenchOptions(['--against', folder])).toMatchObject({ against: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
