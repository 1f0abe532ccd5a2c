import { connectAgent } from '../agent';
import { openerOf } from './transport';
import { openSocketIoWire } from './socket-io-wire';

it('is Socket.IO unless something else is asked for', () => {
  expect(openerOf({})).toBe(openSocketIoWire);
});

it('says what is missing where there is no WebSocket', async () => {
  // Node 22 has one of its own.
  const { WebSocket } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebSocket');
  try {
    const options = { url: 'http://127.0.0.1:1', apiKey: 'key', transport: 'websocket' as const };
    await expect(connectAgent(options)).rejects.toThrow('give its class as an option');
  } finally {
    Object.assign(globalThis, { WebSocket });
  }
});
