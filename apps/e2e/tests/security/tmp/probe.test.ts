import { startStack } from '@agent-messenger/testkit';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { metricOf } from '../../reliability/setup';
test('x', async () => {
  const stack = await startStack();
  const gw = stack.gateways[0]!;
  const show = async (w: string) => process.stderr.write(`${w} rss ${(await metricOf(gw, 'process_resident_memory_bytes')/1e6).toFixed(0)} heap ${(await metricOf(gw, 'nodejs_heap_size_used_bytes')/1e6).toFixed(0)}\n`);
  await show('before');
  const { hostname, port } = new URL(gw.url);
  const socks = [];
  for (let i = 0; i < 8; i++) {
    const s = connect({ host: hostname, port: Number(port) });
    await once(s, 'connect'); s.pause();
    s.on('error', () => {});
    s.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1400));
    socks.push(s);
  }
  for (let i = 0; i < 10; i++) { await delay(1000); await show('during'); }
  socks.forEach((s) => s.destroy());
  await delay(2000); await show('after');
  await stack.stop();
}, 100000);
