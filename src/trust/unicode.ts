/**
 * Takes out of a text what its reader would not see, and says what it took: control characters, tag characters, bidi
 * controls, zero-width characters, variation selectors and the like, by which instructions are hidden from a person and
 * shown to a model (threat T40).
 *
 * Deterministic for the classes of `HiddenKind`; it looks for no words, and what is visible stays as it was. A hidden
 * character stays where writing needs it (`invisible.ts`), so that ordinary text of any script is left byte for byte, but for
 * two things: bidi controls and byte order marks always go. CRLF becomes LF, since a carriage return is a control character.
 * A terminal's colours go with their whole sequence.
 *
 * Linear in the length of the text: each character is looked at a bounded number of times. Cleaning twice changes nothing.
 *
 * @module
 */

import { type Around, isNeeded } from './invisible.ts'

export type HiddenKind =
  | 'control'
  | 'escape-sequence'
  | 'tag'
  | 'bidi'
  | 'zero-width'
  | 'variation-selector'
  | 'lone-surrogate'
  | 'byte-order-mark'
  | 'other-invisible'

/** `count`: characters; for `escape-sequence`, sequences. */
export interface Removed {
  readonly kind: HiddenKind
  readonly count: number
}

export interface CleanText {
  readonly text: string
  /** Empty where the text is as it was. */
  readonly removed: readonly Removed[]
}

// Whatever may have to go. `Default_Ignorable_Code_Point` is Unicode's own list of what is shown as nothing; assigned or not.
const suspicious = /[\0-\x08\x0b-\x1f\x7f-\x9f\p{Surrogate}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/u
const nextSuspicious = new RegExp(suspicious, 'gu')

/** CSI sequences (ECMA-48 §5.4): colour, cursor, concealment. Bounded, so that nothing long can be passed off as parameters. */
const escapeSequence = /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,4}[@-~]/y

/** The three subdivision flags that are recommended for interchange (UTS #51): a black flag, its code in tags, and a cancel tag. */
const subdivisions = ['gbeng', 'gbsct', 'gbwls'].map(
  (code) => Array.from(code, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) as number))).join('') + '\u{e007f}',
)
const BLACK_FLAG = '\u{1f3f4}'

const none: readonly Removed[] = Object.freeze([])

/** Whether there may be something to take out; false is certain. */
export const mayHideText = (text: string): boolean => suspicious.test(text)

export function cleanText(text: string): CleanText {
  if (!suspicious.test(text)) return { text, removed: none }
  const kept: string[] = []
  const counts = new Map<HiddenKind, number>()
  let from = 0
  // The last two characters that were kept: what a joiner or a selector must stand behind.
  let before = ''
  let beforeThat = ''

  function keep(piece: string): void {
    if (piece === '') return
    kept.push(piece)
    const last = lastCharacter(piece, piece.length)
    const rest = lastCharacter(piece, piece.length - last.length)
    beforeThat = rest === '' ? before : rest
    before = last
  }

  nextSuspicious.lastIndex = 0
  for (let found = nextSuspicious.exec(text); found; found = nextSuspicious.exec(text)) {
    const [character] = found
    const at = found.index
    keep(text.slice(from, at))
    const { length, kind } = judge(text, at, character, before, beforeThat)
    if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    else keep(text.slice(at, at + length))
    from = at + length
    nextSuspicious.lastIndex = from
  }
  keep(text.slice(from))
  return counts.size === 0
    ? { text, removed: none }
    : { text: kept.join(''), removed: [...counts].map(([kind, count]) => ({ kind, count })) }
}

/** How many code units belong to what begins at `at`, and of which kind they are; without a kind, they stay. */
function judge(text: string, at: number, character: string, before: string, beforeThat: string): { length: number; kind?: HiddenKind } {
  const code = character.codePointAt(0) as number
  if (code === 0x1b || code === 0x9b) {
    escapeSequence.lastIndex = at
    const sequence = escapeSequence.exec(text)
    return sequence ? { length: sequence[0].length, kind: 'escape-sequence' } : { length: 1, kind: 'control' }
  }
  if (code < 0xa0) return { length: 1, kind: 'control' }
  if (code >= 0xe0000 && code <= 0xe007f) {
    const flag = before === BLACK_FLAG ? subdivisions.find((tags) => text.startsWith(tags, at)) : undefined
    return flag ? { length: flag.length } : { length: 2, kind: 'tag' }
  }
  const { length } = character
  const kind = kindOf(code)
  if (kind === 'lone-surrogate' || kind === 'bidi' || kind === 'byte-order-mark') return { length, kind }
  const next = characterAt(text, at + length)
  const around: Around = { before, beforeThat, next, afterNext: characterAt(text, at + length + next.length) }
  return isNeeded(code, around) ? { length } : { length, kind }
}

function kindOf(code: number): HiddenKind {
  if (code >= 0xd800 && code <= 0xdfff) return 'lone-surrogate'
  if (code === 0xfeff) return 'byte-order-mark'
  if (code === 0x061c || code === 0x200e || code === 0x200f) return 'bidi'
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 'bidi'
  if ((code >= 0x200b && code <= 0x200d) || (code >= 0x2060 && code <= 0x2064) || code === 0x00ad || code === 0x034f) return 'zero-width'
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef) || (code >= 0x180b && code <= 0x180f))
    return 'variation-selector'
  return 'other-invisible'
}

function characterAt(text: string, at: number): string {
  const code = text.codePointAt(at)
  return code === undefined ? '' : String.fromCodePoint(code)
}

function lastCharacter(text: string, end: number): string {
  if (end <= 0) return ''
  const whole = end > 1 ? text.codePointAt(end - 2) : undefined
  return whole !== undefined && whole > 0xffff ? String.fromCodePoint(whole) : text.charAt(end - 1)
}
