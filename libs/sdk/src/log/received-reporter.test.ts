import { ReceivedReporter } from './received-reporter';

function setup() {
  const reports: [string, number][] = [];
  const link = { up: true };
  const reporter = new ReceivedReporter((conversationId, seq) => {
    if (link.up) reports.push([conversationId, seq]);
    return link.up;
  });
  return { reporter, reports, link };
}

describe('ReceivedReporter', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('reports the highest seq 250 ms after the first event', () => {
    const { reporter, reports } = setup();
    reporter.taken('cnv_1', 1);
    jest.advanceTimersByTime(200);
    reporter.taken('cnv_1', 3);
    reporter.taken('cnv_2', 7);
    jest.advanceTimersByTime(49);
    expect(reports).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(reports).toEqual([
      ['cnv_1', 3],
      ['cnv_2', 7],
    ]);
  });

  it('reports at once after 32 events of a conversation', () => {
    const { reporter, reports } = setup();
    for (let seq = 1; seq <= 33; seq++) reporter.taken('cnv_1', seq);
    expect(reports).toEqual([['cnv_1', 32]]);
    reporter.flush();
    expect(reports.at(-1)).toEqual(['cnv_1', 33]);
  });

  it('keeps what could not be reported for the next connection', () => {
    const { reporter, reports, link } = setup();
    link.up = false;
    reporter.taken('cnv_1', 5);
    jest.advanceTimersByTime(250);
    link.up = true;
    reporter.flush();
    expect(reports).toEqual([['cnv_1', 5]]);
  });

  it('at the end hands over what is due, else the last report, whose answer tells of all', () => {
    const { reporter } = setup();
    expect(reporter.drain()).toEqual([]);
    reporter.taken('cnv_1', 5);
    reporter.taken('cnv_2', 6);
    jest.advanceTimersByTime(250);
    expect(reporter.drain()).toEqual([{ conversationId: 'cnv_2', seq: 6 }]);
    reporter.taken('cnv_3', 7);
    reporter.flush();
    reporter.taken('cnv_1', 8);
    expect(reporter.drain()).toEqual([{ conversationId: 'cnv_1', seq: 8 }]);
    expect(reporter.drain()).toEqual([]);
  });
});
