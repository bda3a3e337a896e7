/** HTML in which everything that is put in is escaped, unless it is HTML already. @module */

/** Made by `html` only. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | false | readonly (Html | string)[]

export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  let text = strings[0] as string
  for (const [index, part] of parts.entries()) text += toText(part) + (strings[index + 1] as string)
  return new Html(text)
}

function toText(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(toText).join('')
  return escape(String(part))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string)

// What is not seen (U+2800 looks like a space and is none), and what a line or a terminal would take for its own.
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
// Pages put such names into quotation marks.
const doubleQuotes = /["\u201c-\u201f\u2033\u2036\u275d\u275e\u301d-\u301f\uff02\u{1f676}-\u{1f678}]/gu

/** A name that somebody else chose, without what could make it look like something else. */
export function plain(text: string, length = 80): string {
  const clean = text
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(unseen, '')
    .replace(doubleQuotes, "'")
    // No script needs more marks on one letter; a pile of them covers the lines above.
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/ +/g, ' ')
    .trim()
  // By code points: a cut inside a pair would leave half a character.
  const points = Array.from(clean)
  return points.length > length ? `${points.slice(0, length - 1).join('')}…` : clean
}

/** The name in an element of its own: it can neither turn the text around it nor end where it does not. */
export const named = (name: string): Html => html`<bdi class="name">“${name}”</bdi>`

/** What a sentence is about: in bold, and on no account part of the sentence. */
export const strong = (text: string): Html => html`<b>${text}</b>`
