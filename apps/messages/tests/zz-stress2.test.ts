import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BY, byUser, createWorld, later } from './conformance/world';
import { createTempStores } from './temp-store';
const stores = createTempStores();
afterEach(() => stores.cleanUp());
let seed = Number(process.env.SEED ?? 1);
const rnd = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
test('stress', async () => {
  for (let round = 0; round < 6; round += 1) {
    const folder = stores.folder();
    const world = await createWorld(() => stores.open({ path: join(folder, 'm.db') }));
    const { store } = world;
    const agent = await world.agent();
    const people: { id: string; gone: boolean }[] = [];
    for (let n = 0; n < 150; n += 1) {
      const gone = rnd() < 0.5;
      const mark = gone ? 'GONE' : 'kept';
      const { user_id } = await store.createUser({
        username: `${mark}-${Math.floor(rnd() * 1e9)}`,
        password_hash: `${mark}${'p'.repeat(50)}`,
        by: BY,
      });
      people.push({ id: user_id, gone });
      await store.createSession({
        user_id,
        refresh_digest: `${mark}-${n}`,
        expires_at: later(world.clock.ms, 1e6),
        by: { actor: byUser(user_id).actor, ip: `${mark}-ip` },
      });
      await store.rotateSession({
        refresh_digest: `${mark}-${n}`,
        next_digest: `${mark}-x${n}`,
        expires_at: later(world.clock.ms, 1e6),
        by: BY,
      });
      await world.device(user_id, `${mark}-device`, `${mark}-token-${n}`);
      const talk = await world.talk({ user: user_id, agent, title: `${mark} title` });
      await store.updateConversation({
        identity_id: user_id,
        conversation_id: talk.conversation,
        title: `${mark} another`,
        tags: [`${mark}-tag`],
      });
      await store.createConversation({ user_id, agent_id: agent, client_id: `${mark}-client` });
      for (let m = 0; m < 12; m += 1) {
        const one = await world.send(
          talk,
          rnd() < 0.5 ? user_id : agent,
          mark.repeat(1 + Math.floor(rnd() * 60)),
          { metadata: { mark }, client_id: `${mark}-${n}-${m}` },
        );
        if (rnd() < 0.2)
          await world.change(talk, one.sender.id, one.id, {
            op: 'edit',
            content: mark.repeat(1 + Math.floor(rnd() * 300)),
          });
      }
      if (rnd() < 0.2)
        await store.deleteConversation({
          identity_id: user_id,
          conversation_id: talk.conversation,
        });
    }
    for (const { id, gone } of people) {
      if (!gone) continue;
      await store.eraseUser({ user_id: id, by: BY });
      if (rnd() < 0.3) await store.purge();
    }
    while (await store.purge());
    console.log(
      round,
      JSON.stringify(
        readdirSync(folder).map((name) => {
          const b = readFileSync(join(folder, name));
          let c = 0;
          let i = -1;
          const ctx: string[] = [];
          while ((i = b.indexOf('GONE', i + 1)) >= 0) {
            c += 1;
            if (ctx.length < 4)
              ctx.push(
                b
                  .subarray(Math.max(0, i - 60), i + 30)
                  .toString('latin1')
                  .replace(/[^ -~]/g, '.'),
              );
          }
          return [name, c, b.length, ctx];
        }),
      ),
    );
    await store.close();
  }
}, 300000);
