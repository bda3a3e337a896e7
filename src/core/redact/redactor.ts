/**
 * What must not leave, taken out of what does: secrets that we know exactly (what was handed to an upstream), and strings that look like
 * credentials. The first is a guarantee for the forms that `known-secrets.ts` names; the second is a detector (`secrets.ts`).
 *
 * Used by release, audit, logs and error texts. Linear in the size of the text. What is split over two strings is not found.
 *
 * @module
 */

import { redactDeep } from './deep.ts'
import { findBeside, replaceFindings } from './finding.ts'
import { createKnownSecrets } from './known-secrets.ts'
import { findSecrets, mayHoldSecret } from './secrets.ts'

/** How many of each kind were taken out. */
export type Taken = ReadonlyMap<string, number>

export interface Redactor {
  /** `text` with every known secret and credential-like string replaced by `[redacted]`. The same string where there is none. `taken` is told of each. */
  text(text: string, taken?: Map<string, number>): string
  /**
   * `JSON.stringify(value)` with the same taken out of every string and key in it, and of what base64 hides in a resource's `blob`.
   * Where anything was, `report` hears of it, and gets `about` back.
   */
  json<T>(value: unknown, report?: (taken: Taken, about: T) => void, about?: T): string
  /** The same value without what `json` takes out; the same one where there is nothing. */
  deep(value: unknown, taken?: Map<string, number>): unknown
  /** Whether `text` may contain something to take out; false is certain. Cheap: for the hot path. */
  suspects(text: string): boolean
  /** Adds a value that must never leave. Values under eight characters are too common to search for and are refused. Words of the protocol stay in what leaves. */
  learn(secret: string): boolean
  /** For a value that is good for nothing any more: a token that another one has taken the place of. */
  forget(secret: string): void
  /** How many values it has ever learned: what was judged before is judged anew when it grows. */
  readonly known: number
}

export const MASK = '[redacted]'
const KNOWN = 'known-secret'

const mask = (): string => MASK

export function createRedactor(): Redactor {
  const known = createKnownSecrets()

  const suspects = (text: string): boolean => mayHoldSecret(text) || known.isIn(text)
  function redact(text: string, name?: string, taken?: Map<string, number>): string {
    let exact = text
    if (known.isIn(text)) {
      exact = known.mask(text, MASK)
      if (exact !== text) count(taken, KNOWN)
    }
    const own = findBeside(exact, name, findSecrets)
    for (const { type } of own) count(taken, type)
    return replaceFindings(exact, own, mask)
  }
  return {
    suspects,
    text: (text, taken) => (suspects(text) ? redact(text, undefined, taken) : text),
    json(value, report, about) {
      const text = JSON.stringify(value)
      // Escapes hide a secret from a search of the text, so a suspect is searched string by string, as its reader will see it.
      if (!suspects(text)) return text
      const taken = new Map<string, number>()
      const clean = redactDeep(value, (each, name) => redact(each, name, taken))
      if (clean === value) return text
      if (report && taken.size > 0) report(taken, about as never)
      return JSON.stringify(clean)
    },
    deep: (value, taken) => (suspects(JSON.stringify(value) ?? '') ? redactDeep(value, (each, name) => redact(each, name, taken)) : value),
    learn: (secret) => known.learn(secret),
    forget: (secret) => known.forget(secret),
    get known() {
      return known.learned
    },
  }
}

function count(taken: Map<string, number> | undefined, type: string): void {
  taken?.set(type, (taken.get(type) ?? 0) + 1)
}
