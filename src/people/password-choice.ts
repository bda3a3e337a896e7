/**
 * Which passwords are refused when one is chosen: short ones, and those that everybody tries first (NIST SP 800-63B-4 §3.1.1.2). No rule
 * about kinds of characters: such rules make people choose worse.
 *
 * Not checked here: what was stolen elsewhere. That takes a list of gigabytes or a question to somebody else.
 *
 * @module
 */

import { toName } from './names.ts'
import { problems } from './problems.ts'

export const MIN_PASSWORD = 12
export const MAX_PASSWORD = 1024
const MIN_DIFFERENT = 5

/** What long passwords are made of that come first in every list of guesses. */
const common =
  /password|passw0rd|p@ssw|qwert|azerty|1q2w3e|letmein|iloveyou|welcome|admin|monkey|dragon|football|baseball|sunshine|princess|master|secret|login|abc123|trustno1|changeme|default|sallyport|superman|starwars|whatever|shadow|test/g
/** What is left of it must be enough on its own. */
const MIN_OWN = 8

/** A sentence for whoever chose it. */
export function problemWithPassword(name: string, password: string): string | undefined {
  if (Array.from(password).length < MIN_PASSWORD) return problems.passwordShort(MIN_PASSWORD)
  if (password.length > MAX_PASSWORD) return problems.passwordLong(MAX_PASSWORD)
  if (toName(password) === toName(name)) return problems.passwordIsName
  return isGuessable(toName(name), password.toLowerCase()) ? problems.passwordGuessed : undefined
}

function isGuessable(name: string, password: string): boolean {
  if (new Set(password).size < MIN_DIFFERENT) return true
  const own = password.replaceAll(name.length >= 3 ? name : '\0', '').replace(common, '')
  return withoutRuns(own).length < MIN_OWN
}

/** A run (1234, cdef, 4321, aaaa) is worth its first two characters. */
function withoutRuns(text: string): string {
  let kept = ''
  let [step, length] = [Number.NaN, 1]
  for (let at = 0; at < text.length; at++) {
    const now = text.charCodeAt(at) - text.charCodeAt(at - 1)
    length = now === step && Math.abs(now) <= 1 ? length + 1 : 2
    step = now
    if (length <= 2) kept += text[at]
  }
  return kept
}
