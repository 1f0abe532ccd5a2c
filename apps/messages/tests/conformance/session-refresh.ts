import { NO_SESSION, openSession } from './open-session';
import type { OpenStore } from './world';

export function describeSessionRefresh(open: OpenStore): void {
  describe('refreshing a session', () => {
    test('a rotated refresh token ends the session of whoever shows it again', async () => {
      const { rotate, works, rotated, reused } = await openSession(open);
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await rotate('unknown', 'x')).toEqual(NO_SESSION);
      expect(await works()).toBe(true);

      expect(await rotate('d1', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
      for (const digest of ['d1', 'd2', 'd3'])
        expect(await rotate(digest, 'd5')).toEqual(NO_SESSION);
    });

    test('a refresh whose answer was lost may be repeated for 30 s, as often as it takes', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession(open);
      expect(await rotate('d1', 'lost-1')).toEqual(rotated);
      clock.ms += 20_000;
      expect(await rotate('d1', 'lost-2')).toEqual(rotated);
      clock.ms += 10_000;
      expect(await rotate('d1', 'd2')).toEqual(rotated);
      expect(await rotate('d2', 'd3')).toEqual(rotated);
      expect(await works()).toBe(true);
      // Counted from the first use: repetitions do not prolong it.
      clock.ms += 30_001;
      expect(await rotate('d2', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
    });

    test('of the tokens of a repeated refresh each goes on by itself; one that is used twice ends the session', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession(open);
      await rotate('d1', 'a1');
      await rotate('d1', 'b1');
      clock.ms += 600_000;
      expect(await rotate('a1', 'a2')).toEqual(rotated);
      expect(await rotate('b1', 'b2')).toEqual(rotated);
      // Both may have to ask again, whichever used a token last.
      expect(await rotate('a1', 'a2 again')).toEqual(rotated);
      expect(await rotate('b1', 'b2 again')).toEqual(rotated);
      expect(await rotate('a2', 'a3')).toEqual(rotated);
      expect(await rotate('b2 again', 'b3')).toEqual(rotated);
      expect(await works()).toBe(true);
      expect(await rotate('a1', 'a4')).toEqual(reused);
      expect(await works()).toBe(false);
      for (const digest of ['a3', 'b2', 'b3'])
        expect(await rotate(digest, 'd6')).toEqual(NO_SESSION);
    });

    test('a token that was handed out and not used goes on while others of its session are used', async () => {
      const { clock, rotate, works, rotated, reused } = await openSession(open);
      await rotate('d1', 'other tab');
      await rotate('d1', 'a0');
      for (let n = 0; n < 200; n += 1) {
        clock.ms += 1_000;
        expect(await rotate(`a${n}`, `a${n + 1}`)).toEqual(rotated);
      }
      expect(await rotate('other tab', 'b1')).toEqual(rotated);
      expect(await works()).toBe(true);
      // So old that nothing is known of it: no effect.
      expect(await rotate('a1', 'x')).toEqual(NO_SESSION);
      expect(await rotate('a190', 'x')).toEqual(reused);
    });

    test('a refresh token is not taken again once its successor was used', async () => {
      const { rotate, works, reused } = await openSession(open);
      await rotate('d1', 'd2');
      await rotate('d2', 'd3');
      expect(await rotate('d1', 'd4')).toEqual(reused);
      expect(await works()).toBe(false);
    });
  });
}
