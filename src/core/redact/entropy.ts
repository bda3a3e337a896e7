/**
 * Whether a value looks made by a machine, or stands in the place of one. Both are guesses: they keep a detector off documentation and
 * ordinary words, and decide nothing about a value that is known. A text may be full of values, so each guess is one pass over a few dozen
 * characters: what they are made of shows there.
 *
 * @module
 */

/** So much of a long value is judged: of a key a few dozen characters, of what stands in its place all that a password has. */
const JUDGED = 64
const STAND_IN = 128

const counts = new Uint16Array(256)
/** How many times a character is there, times the logarithm of it. */
const weights = Float64Array.from({ length: STAND_IN + 1 }, (_, count) => (count === 0 ? 0 : count * Math.log2(count)))

/** Bits for each character, from how often each occurs. Of `STAND_IN` characters at most. */
function entropyOf(value: string, from: number, to: number): number {
  counts.fill(0)
  let repeated = 0
  for (let at = from; at < to; at++) {
    const code = value.charCodeAt(at) & 0xff
    const count = counts[code] as number
    counts[code] = count + 1
    repeated += (weights[count + 1] as number) - (weights[count] as number)
  }
  return Math.log2(to - from) - repeated / (to - from)
}

const LOWER = 1
const UPPER = 2
const DIGIT = 4
const SIGN = 8
const NOT_HEX = 16
const ALL = 31

/** Which kind a character is of, by its code; beyond ASCII they are signs. */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  const kind = /[a-z]/.test(character) ? LOWER : /[A-Z]/.test(character) ? UPPER : /\d/.test(character) ? DIGIT : SIGN
  return /[0-9A-Fa-f-]/.test(character) ? kind : kind | NOT_HEX
})
const kindAt = (value: string, at: number): number => kinds[value.charCodeAt(at)] ?? SIGN | NOT_HEX
const isUpper = (value: string, at: number): boolean => at < value.length && (kindAt(value, at) & UPPER) !== 0
const isLower = (value: string, at: number): boolean => at < value.length && (kindAt(value, at) & LOWER) !== 0

/** Of which kinds its characters are. */
function kindsIn(value: string): number {
  let all = 0
  for (let at = 0; at < value.length && all !== ALL; at++) all |= kindAt(value, at)
  return all
}

const placeholder = /\$[{(]|\{\{|<[a-z]|\.{3}|…|\*{3}|redacted|placeholder|your|changeme|example\./i
const word =
  /^(?:string|number|boolean|object|array|null|undefined|none|true|false|required|optional|hidden|secret|password|token|default|unknown|invalid|missing|expired|enabled|disabled|username)$/i
const expression = /^(?:process\.env|os\.environ|env\.|[\w.]*(?:getenv|config|settings|params|options|request|self|this)[.([])/i

/** `ghp_xxxxxxxxxxxx`: what documentation writes where a value would be. */
export function isFiller(value: string): boolean {
  let longest = 0
  let run = 0
  let last = -1
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    run = code === last ? run + 1 : 1
    last = code
    if (run > longest) longest = run
  }
  return longest >= 8 && longest * 3 >= value.length
}

/** Whether it is a variable, a type, a template: something else will stand there, or nothing. */
export function isStandIn(value: string): boolean {
  if ('<{[(%$'.includes(value[0] as string) || '>})]%'.includes(value.at(-1) as string)) return true
  const head = value.length > STAND_IN ? value.slice(0, STAND_IN) : value
  return placeholder.test(head) || word.test(head) || expression.test(head) || isFiller(value)
}

/** Long, mixed, and unlike words: a key, however it is called. */
export function isOpaque(value: string): boolean {
  if (value.length < 16) return false
  const head = value.length > JUDGED ? value.slice(0, JUDGED) : value
  const all = kindsIn(head)
  if ((all & DIGIT) === 0 || (all & (LOWER | UPPER)) === 0) return false
  if (entropyOf(head, 0, head.length) < (all & NOT_HEX ? 3.2 : 2.7) || longestWordIn(head) > 0.6 * head.length) return false
  // A path, an address, a version, a date, a name with parts: their pieces are short or plain words.
  if (/^(?:https?:|[./~]|\w:\\|v?\d+(?:\.\d+){1,3}|\d{4}-\d\d-\d\d)/i.test(head)) return false
  return !isStandIn(value)
}

/** How long the longest run of letters is that are written like a word: in one case, but for the first. */
function longestWordIn(value: string): number {
  let longest = 0
  for (let at = 0; at < value.length; ) {
    const from = at
    while (isUpper(value, at)) at++
    const uppers = at - from
    if (uppers < 4) while (isLower(value, at)) at++
    const start = uppers < 4 && uppers > 1 ? from + uppers - 1 : from
    if (at - start > longest && at - from - (uppers < 4 ? uppers : 0) >= 4 && isLikeWord(value, start, at)) longest = at - start
    if (at === from) at++
  }
  return longest
}

const vowel = /[aeiou]/i
const isLikeWord = (value: string, from: number, to: number): boolean => vowel.test(value.slice(from, to)) && entropyOf(value, from, to) < 4

/** People choose short ones, of words: two kinds of characters are enough. */
export function isPasswordLike(value: string): boolean {
  if (value.length < 6) return false
  const all = kindsIn(value) & ~NOT_HEX
  return (all & DIGIT ? all !== DIGIT : all === (LOWER | UPPER | SIGN)) && !isStandIn(value)
}
