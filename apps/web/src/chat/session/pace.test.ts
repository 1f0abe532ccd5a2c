import { Pace } from './pace';

describe('what is due very often', () => {
  let ran: number[];
  let pace: Pace;
  beforeEach(() => {
    jest.useFakeTimers();
    ran = [];
    pace = new Pace(() => ran.push(performance.now()));
  });
  afterEach(() => void jest.useRealTimers());

  it('is done at once, then 20 times a second, and once more at the end', () => {
    const begin = performance.now();
    for (let ms = 0; ms < 999; ms += 1) {
      pace.due();
      jest.advanceTimersByTime(1);
    }
    expect(ran.length).toBe(20);
    expect(ran[0]).toBe(begin);
    jest.runAllTimers();
    expect(ran.length).toBe(21);
    expect(ran.at(-1)! - ran.at(-2)!).toBe(50);
  });

  it('is done at once when it cannot wait, and not again for what was due', () => {
    pace.due();
    pace.due();
    pace.now();
    jest.runAllTimers();
    expect(ran).toHaveLength(2);
  });

  it('is not done any more after the end', () => {
    pace.due();
    pace.due();
    pace.stop();
    jest.runAllTimers();
    expect(ran).toHaveLength(1);
  });
});
