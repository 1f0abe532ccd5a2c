import { startStack } from '@agent-messenger/testkit';
import { LIFTED_LIMITS } from '@agent-messenger/testkit';
test('x', async () => {
  const stack = await startStack({ env: { gateway: LIFTED_LIMITS } });
  const url = stack.gateways[0]!.url;
  const post = async (body: string) => {
    const from = performance.now();
    const r = await fetch(url + '/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await r.text();
    return [r.status, Math.round(performance.now() - from)];
  };
  for (const [n, b] of Object.entries({ deep: '['.repeat(250_000) + ']'.repeat(250_000), wide: `[${'0,'.repeat(250_000)}0]`, objs: '{"a":'.repeat(80_000) + '1' + '}'.repeat(80_000), small: '{}', str: JSON.stringify({username: 'x'.repeat(500000)}), big: JSON.stringify('x'.repeat(600_000)) })) {
    const out = [];
    for (let i = 0; i < 5; i++) out.push(await post(b));
    process.stderr.write(n + ' ' + JSON.stringify(out) + '\n');
    const from = performance.now();
    await Promise.all(Array.from({length: 50}, () => post(b)));
    process.stderr.write(n + ' 50 parallel ' + Math.round(performance.now()-from) + '\n');
  }
  await stack.stop();
}, 100000);
