import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createWorld, sendOf } from './conformance/world';
import { createTempStores } from './temp-store';
const stores = createTempStores();
afterEach(() => stores.cleanUp());
let seed = Number(process.env.SEED ?? 1);
const rnd = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
test('stress', async () => {
  for (let round = 0; round < 10; round += 1) {
    const folder = stores.folder();
    const world = await createWorld(() => stores.open({ path: join(folder, 'm.db') }));
    const talks = [await world.talk(), await world.talk(), await world.talk()];
    const live: { talk: number; id: string }[] = [];
    const text = () => {
      const n = Math.floor(rnd() ** 4 * 6000) + 1;
      return ('SECRET' + 'x'.repeat(10)).repeat(Math.ceil(n / 16));
    };
    const clean = () => 'h'.repeat(Math.floor(rnd() ** 3 * 3000) + 1);
    for (let n = 0; n < 1500; n += 1) {
      const t = Math.floor(rnd() * 3);
      const talk = talks[t]!;
      const r = rnd();
      if (r < 0.6 || live.length === 0) {
        const m = await world.send(
          talk,
          talk.user,
          rnd() < 0.7 ? text() : clean(),
          rnd() < 0.2 ? { metadata: { k: 'OTHER' } } : {},
        );
        live.push({ talk: t, id: m.id });
      } else if (r < 0.8) {
        const one = live[Math.floor(rnd() * live.length)]!;
        await world.change(talks[one.talk]!, talks[one.talk]!.user, one.id, {
          op: 'edit',
          content: rnd() < 0.5 ? clean() : text(),
        });
      } else {
        const [one] = live.splice(Math.floor(rnd() * live.length), 1);
        await world.change(talks[one!.talk]!, talks[one!.talk]!.user, one!.id, { op: 'delete' });
      }
    }
    for (const { talk, id } of live.splice(0)) {
      const t = talks[talk]!;
      await world.change(
        t,
        t.user,
        id,
        rnd() < 0.5 ? { op: 'delete' } : { op: 'edit', content: clean() },
      );
    }
    // metadata survives edits: delete all
    while (await world.store.purge());
    const count = () =>
      readdirSync(folder).map((name) => {
        const b = readFileSync(join(folder, name));
        let c = 0;
        let i = -1;
        while ((i = b.indexOf('SECRET', i + 1)) >= 0) c += 1;
        return [name, c, b.length];
      });
    console.log(round, JSON.stringify(count()));
    void sendOf;
    await world.store.close();
  }
}, 300000);
