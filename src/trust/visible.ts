/**
 * A text with each character that a reader would not see, or would take for another, written as its escape: for whoever has to judge it.
 * Wider than what `cleanText` takes out, as here nothing is lost by it: joiners inside an emoji are written out, too.
 *
 * Within the text of JSON the result is the text of the same JSON.
 *
 * @module
 */

/** Controls (but not tab and newline), what is shown as nothing, what has no shape of its own, and every space but the plain one. */
const unseen =
  /[\0-\x08\x0b-\x1f\x7f-\xa0\p{Surrogate}\p{Private_Use}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000\ufff9-\ufffb]/gu

/** Linear: each character is looked at once. */
export const toVisible = (text: string): string => text.replace(unseen, escaped)

/** On one line: a tab or a newline is written out, too. */
export const toVisibleLine = (text: string): string => toVisible(text).replace(/[\t\n]/g, escaped)

function escaped(character: string): string {
  let out = ''
  for (let at = 0; at < character.length; at++) out += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return out
}
