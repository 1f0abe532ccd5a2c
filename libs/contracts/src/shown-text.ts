/** Controls of writing direction: what follows them, which need not be the same text, is shown in another order. */
const BIDI_CONTROL = /\p{Bidi_Control}/u;
const CONTROL = /\p{Cc}/u;
/** Besides what Unicode lists as such: the braille pattern without dots. */
const INVISIBLE = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** For one line that others are shown, as a name or a title. */
export function isPlainLine(text: string): boolean {
  return !CONTROL.test(text) && !BIDI_CONTROL.test(text);
}

/** Spaces, controls and what has no width: a reader would see nothing. */
export function showsNothing(text: string): boolean {
  return text.replace(INVISIBLE, '') === '';
}

const VARIATION = /[\ufe0e\ufe0f]/g;
/** Shown as text unless a selector follows; before a skin tone it is not needed. */
const TEXT_BY_DEFAULT =
  /(?!\p{Emoji_Presentation})\p{Extended_Pictographic}(?!\p{Emoji_Modifier})/gu;
const KEYCAP = /^[0-9#*](?=\u20e3)/;

/** The fully qualified form: with and without variation selectors it is one emoji. */
export function canonicalEmoji(text: string): string {
  return text
    .normalize('NFC')
    .replace(VARIATION, '')
    .replace(TEXT_BY_DEFAULT, '$&\ufe0f')
    .replace(KEYCAP, '$&\ufe0f');
}
