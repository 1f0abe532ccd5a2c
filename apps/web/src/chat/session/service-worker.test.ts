import { followClicks } from './service-worker';

it('a click opens a conversation for who follows, and for nobody who has gone', () => {
  const worker = new EventTarget();
  const click = (open: string) =>
    worker.dispatchEvent(Object.assign(new Event('message'), { data: { open } }));
  const opened: string[] = [];
  const unfollow = followClicks((id) => opened.push(`first ${id}`), worker);
  click('cnv_1');
  click('https://example.org');
  unfollow();
  followClicks((id) => opened.push(`second ${id}`), worker);
  click('cnv_2');
  expect(opened).toEqual(['first cnv_1', 'second cnv_2']);
});
