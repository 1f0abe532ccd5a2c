import fc from 'fast-check';
import { accentOf, brandStyle } from './brand-style';
import { contrast, parseColor } from './color';

const READABLE = 4.5;
const VISIBLE = 3;
const ofColors = fc.nat(0xffffff).map((value) => `#${value.toString(16).padStart(6, '0')}`);
const between = (one: string | undefined, other: string | undefined) =>
  contrast(parseColor(one ?? ''), parseColor(other ?? ''));

it.each([
  ['light', ['#ffffff', '#f6f7f9', '#eef0f4']],
  ['dark', ['#181b21', '#101216', '#20242c']],
] as const)('whatever the colour, what is written can be read: %s', (theme, surfaces) => {
  fc.assert(
    fc.property(ofColors, (color) => {
      const accent = accentOf(color, theme);
      const written = [
        between(accent['--on-accent'], accent['--accent']),
        between(accent['--on-accent'], accent['--accent-strong']),
        between(accent['--accent-text'], accent['--accent-soft']),
        ...surfaces.map((surface) => between(accent['--accent-text'], surface)),
      ];
      for (const surface of surfaces)
        expect(between(accent['--accent'], surface)).toBeGreaterThanOrEqual(VISIBLE);
      for (const ratio of written) expect(ratio).toBeGreaterThanOrEqual(READABLE);
    }),
  );
});

it('a colour that can be seen on its own is taken as it is', () => {
  expect(accentOf('#0a7d55', 'light')['--accent']).toBe('#0a7d55');
  expect(accentOf('#6d66f0', 'dark')['--accent']).toBe('#6d66f0');
});

it('is a sheet of both themes, also where a person has chosen one', () => {
  const sheet = brandStyle('#0a7d55');
  expect(sheet).toMatch(/^:root\{--accent:#0a7d55;/);
  expect(sheet).toContain("@media (prefers-color-scheme:dark){:root:not([data-theme='light']){");
  expect(sheet).toContain(":root[data-theme='dark']{--accent:#");
});

it.each([
  ['#000000', '#ffffff', 21],
  ['#777777', '#ffffff', 4.48],
  ['#ffffff', '#ffffff', 1],
])('the contrast of %s on %s is %d, as others measure it', (one, other, ratio) => {
  expect(contrast(parseColor(one), parseColor(other))).toBeCloseTo(ratio, 2);
});
