/** What a browser says of each key that an input method takes for itself. */
const TAKEN = 229;

/** Whether a key is the input method's. Safari ends the composition before the Enter that confirms it. */
export function isComposing({ isComposing, keyCode }: KeyboardEvent): boolean {
  return isComposing || keyCode === TAKEN;
}
