import { JsonAnswer } from '@agent-messenger/service-kit';
import { PageAck } from './page-ack';

const page = { events: [], has_more: false, last_seq: 7, log_id: 'log "1" é' };

test.each([5, 'a "quoted" é'])(
  'to the request %p it is the same frame, made or passed on',
  (id) => {
    const ack = new PageAck(JsonAnswer.of(page));
    const frame = JSON.parse(ack.toFrame(id).toString()) as unknown;
    expect(frame).toEqual({ type: 'ack', id, data: { ok: true, ...page } });
    expect(ack.parse()).toEqual({ ok: true, ...page });
    expect(ack.bytes).toBe(Buffer.byteLength(JSON.stringify(page)));
  },
);
