import type { Client, StreamView } from '@agent-messenger/sdk/browser';
import { Streams } from './streams';

function clientWith(...streams: StreamView[]): Client {
  return { on: () => () => undefined, streams: () => streams } as unknown as Client;
}

it('an answer that ended while there was no client is not written any more with the next one', () => {
  const streams = new Streams();
  const answer = { stream_id: 's-1', status: 'writing' } as StreamView;
  streams.use(clientWith(answer));
  expect(streams.of('cnv_1')).toEqual([answer]);
  streams.use(null);
  // Until somebody knows better.
  expect(streams.of('cnv_1')).toEqual([answer]);
  streams.use(clientWith());
  expect(streams.of('cnv_1')).toEqual([]);
});
