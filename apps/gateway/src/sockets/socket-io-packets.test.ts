import { JsonAnswer } from '@agent-messenger/service-kit';
import { PageAck } from '../compact/page-ack';
import { SocketIoPackets } from './socket-io-packets';

const packets = new SocketIoPackets('/client');

test.each([
  [
    '2/client,12["message:send",{"content":"[é]"}]',
    { name: 'message:send', payload: { content: '[é]' }, id: 12 },
  ],
  ['2/client,0["received",{"seq":1}]', { name: 'received', payload: { seq: 1 }, id: 0 }],
  ['2/client,["received",{},"more"]', { name: 'received', payload: {}, id: undefined }],
  ['2/client,["typing"]', { name: 'typing', payload: undefined, id: undefined }],
])('%s is a request', (text, asked) => {
  expect(packets.read(text)).toEqual(asked);
});

test.each([
  '',
  '2',
  '2/client,',
  '2["received",{}]',
  '2/agent,["received",{}]',
  '2/client/other,["received",{}]',
  '3/client,12["received"]',
  '51-/client,["received",{"_placeholder":true,"num":0}]',
  '1/client,',
  '2/client,-1["received",{}]',
  '2/client,1e3["received",{}]',
  '2/client,1234567890123456["received",{}]',
  '2/client,12{"received":["received",{}]}',
  '2/client,12["received",{}',
  '2/client,12["received",{}]]',
  '2/client,12["disconnect",{}]',
  '2/client,12["there is none",{}]',
  '2/client,12[["received"],{}]',
  '2/client,12[]',
])('%s is left to Socket.IO', (text) => {
  expect(packets.read(text)).toBeUndefined();
});

test('an event and acks are as protocol 5 has them', () => {
  expect(packets.event('closing', { code: 'draining', text: '"é"' })).toBe(
    '2/client,["closing",{"code":"draining","text":"\\"é\\""}]',
  );
  const refusal = { ok: false, error: { code: 'internal', message: 'é' } } as const;
  expect(packets.ack(7, refusal)).toBe(
    '3/client,7[{"ok":false,"error":{"code":"internal","message":"é"}}]',
  );
  const page = new PageAck(JsonAnswer.of({ events: [], log_id: 'é' }));
  expect(packets.ack(0, page)).toBe('3/client,0[{"ok":true,"events":[],"log_id":"é"}]');
});
