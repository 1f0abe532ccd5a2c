import type { Store } from '../../store';
import type { Postgres } from '../postgres';
import type { CarryOut } from './carry-out';

export function createAppend({ write }: Postgres, carryOut: CarryOut): Pick<Store, 'append'> {
  return {
    async append({ operations }) {
      return { results: await write((tx) => carryOut(tx, operations)) };
    },
  };
}
