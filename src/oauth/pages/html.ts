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

/** A name that somebody else chose, without what could make it look like something else: control and direction marks, runs of space. */
export function plain(text: string, length = 80): string {
  const clean = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
  // By code points: a cut inside a pair would leave half a character.
  const points = Array.from(clean)
  return points.length > length ? `${points.slice(0, length - 1).join('')}…` : clean
}
