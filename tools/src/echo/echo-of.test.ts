import { LIMITS } from '@agent-messenger/contracts';
import { echoOf } from './echo-of';

describe('echoOf', () => {
  it('repeats', () => {
    expect(echoOf('hello')).toBe('echo: hello');
  });

  it.each(['a', 'é', '漢', '😀'])(
    'stays within the limit, with whole characters: %s',
    (character) => {
      const content = character.repeat(LIMITS.contentBytes / Buffer.byteLength(character));
      const echo = echoOf(content);
      expect(Buffer.byteLength(echo)).toBeGreaterThan(LIMITS.contentBytes - 4);
      expect(Buffer.byteLength(echo)).toBeLessThanOrEqual(LIMITS.contentBytes);
      expect(echo.isWellFormed()).toBe(true);
      expect(echo.replace('echo: ', '').replaceAll(character, '')).toBe('');
    },
  );
});
