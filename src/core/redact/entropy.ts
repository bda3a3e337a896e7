/**
 * Whether a value looks made by a machine, or stands in the place of one. Both are guesses: they keep a detector off documentation and
 * ordinary words, and decide nothing about a value that is known.
 *
 * @module
 */

/** Bits for each character, from how often each occurs. */
function entropyOf(value: string): number {
  const counts = new Map<number, number>()
  for (let at = 0; at < value.length; at++) counts.set(value.charCodeAt(at), (counts.get(value.charCodeAt(at)) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length)
  return bits
}

const placeholder =
  /^(?:[<{[(%$].*|.*[>})\]%]|.*(?:\$\{|\{\{|\$\(|<[a-z]|\.\.\.|…|\*{3}|redacted|placeholder|your[-_ ]?|changeme|example\.).*|\$[A-Za-z_]\w*)$/i
const named =
  /^(?:string|number|boolean|object|array|null|undefined|none|true|false|required|optional|hidden|secret|password|token|default|unknown|invalid|missing|expired|enabled|disabled|username|process\.env.*|os\.environ.*|env\..*|[\w.]*(?:getenv|config|settings|params|options|request|self|this)[.([].*)$/i

/** `ghp_xxxxxxxxxxxx`: what documentation writes where a value would be. */
export function isFiller(value: string): boolean {
  let longest = 0
  let run = 0
  for (let at = 0; at < value.length; at++) {
    run = at > 0 && value[at] === value[at - 1] ? run + 1 : 1
    if (run > longest) longest = run
  }
  return longest >= 8 && longest * 3 >= value.length
}

/** Whether it is a variable, a type, a template: something else will stand there, or nothing. */
export const isStandIn = (value: string): boolean => placeholder.test(value) || named.test(value) || isFiller(value)

/** Long, mixed, and unlike words: a key, however it is called. */
export function isOpaque(value: string): boolean {
  if (value.length < 16 || !/\d/.test(value) || !/[A-Za-z]/.test(value) || isStandIn(value)) return false
  // A path, an address, a version, a date, a name with parts: their pieces are short or plain words.
  if (/^(?:https?:|[./~]|\w:\\)/i.test(value) || /^v?\d+(?:\.\d+){1,3}/.test(value) || /^\d{4}-\d\d-\d\d/.test(value)) return false
  const isHex = /^[0-9a-f-]+$/i.test(value)
  return entropyOf(value) >= (isHex ? 2.7 : 3.2) && longestWordShare(value) <= 0.6
}

/** How much of it is a run of letters that are written like a word: in one case, but for the first. */
function longestWordShare(value: string): number {
  let longest = 0
  for (const [word] of value.matchAll(/[A-Z]?[a-z]{4,64}|[A-Z]{4,64}/g))
    if (/[aeiou]/i.test(word) && entropyOf(word) < 4) longest = Math.max(longest, word.length)
  return longest / value.length
}

/** People choose short ones, of words: two kinds of characters are enough. */
export function isPasswordLike(value: string): boolean {
  if (value.length < 6 || isStandIn(value)) return false
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length
  return /\d/.test(value) ? kinds >= 2 : kinds >= 3
}
