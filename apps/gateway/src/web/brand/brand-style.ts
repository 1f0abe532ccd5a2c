import { contrast, mixed, parseColor, toHex, type Rgb } from './color';

/** WCAG 2.2, text of usual size. */
const READABLE = 4.5;
/** The same of what is no text: borders, the face of a button. */
const VISIBLE = 3;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** What the pages draw on, light and dark (apps/web/src/theme/theme.css). */
const THEMES = {
  light: { surfaces: ['#ffffff', '#f6f7f9', '#eef0f4'], towards: BLACK, soft: 0.12 },
  dark: { surfaces: ['#181b21', '#101216', '#20242c'], towards: WHITE, soft: 0.24 },
} as const;

/**
 * The accent of both themes from one colour: what is written on it or in it can be read, whichever colour it is.
 * @param color `#rrggbb`
 */
export function brandStyle(color: string): string {
  const light = declarations(color, 'light');
  const dark = declarations(color, 'dark');
  return [
    `:root{${light}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme='light']){${dark}}}`,
    `:root[data-theme='dark']{${dark}}`,
    '',
  ].join('\n');
}

/** The custom properties of one theme, by name. */
export function accentOf(color: string, theme: keyof typeof THEMES): Record<string, string> {
  const { surfaces, towards, soft } = THEMES[theme];
  const drawnOn = surfaces.map(parseColor);
  const accent = nearest(parseColor(color), towards, (one) => isOn(drawnOn, one, VISIBLE));
  const [surface] = surfaces;
  const softAccent = mixed(parseColor(surface), accent, soft);
  const onAccent = contrast(accent, WHITE) >= READABLE ? WHITE : BLACK;
  const behind = [...drawnOn, softAccent];
  return {
    '--accent': toHex(accent),
    // Of what is pressed or under the pointer: further away from what is written on it.
    '--accent-strong': toHex(mixed(accent, onAccent === WHITE ? BLACK : WHITE, 0.15)),
    '--on-accent': toHex(onAccent),
    '--accent-soft': toHex(softAccent),
    '--accent-text': toHex(nearest(accent, towards, (one) => isOn(behind, one, READABLE))),
  };
}

function declarations(color: string, theme: keyof typeof THEMES): string {
  return Object.entries(accentOf(color, theme))
    .map(([name, value]) => `${name}:${value}`)
    .join(';');
}

/** The first colour on the way from one to another that is good. */
function nearest(color: Rgb, towards: Rgb, isGood: (one: Rgb) => boolean): Rgb {
  const steps = Array.from({ length: 21 }, (_, step) => mixed(color, towards, step / 20));
  return steps.find(isGood) ?? towards;
}

function isOn(behind: readonly Rgb[], color: Rgb, ratio: number): boolean {
  return behind.every((back) => contrast(color, back) >= ratio);
}
