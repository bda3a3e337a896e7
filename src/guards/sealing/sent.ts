/** What of a call's arguments came sealed, as far as it can be told before anything is opened. Pure. @module */

import type { Entry, JsonObject, SealedProblem } from '../../core/index.ts'
import {
  argumentPointer,
  type CallEncryption,
  looksSealed,
  type OkpJwk,
  type ParsedField,
  type Path,
  parseField,
  readAgreeWord,
  readCallEncryption,
  valueAt,
} from '../../payload/index.ts'

export interface SentField {
  readonly path: Path
  readonly parsed: ParsedField
}

export type Sent =
  /** The client asks who it is here; nothing is to be run. */
  | { readonly kind: 'agree'; readonly epk: OkpJwk }
  /** There is something in clear where nothing may be, or no key to seal the result to. `path`: of the value. */
  | { readonly kind: 'plain'; readonly path: string | undefined; readonly epk: OkpJwk | undefined }
  | { readonly kind: 'wrong'; readonly path: string; readonly problem: SealedProblem }
  /** `by`: whose call it is. Undefined: nothing of it is sealed, and nothing of its result will be. */
  | { readonly kind: 'sealed'; readonly fields: readonly SentField[]; readonly by: By | undefined }

/** What a client calls itself and its call. */
export interface By {
  /** As in a JWK's `x`. */
  readonly epk: string
  readonly call: string
  /** Which of our keys it knows; undefined where it did not say. */
  readonly kid: string | undefined
}

export function readSent({ sealed }: Entry, args: JsonObject, meta: JsonObject): Sent {
  const stated = readCallEncryption(meta)
  const fields: SentField[] = []
  for (const path of sealed?.arguments ?? []) {
    const value = valueAt(args, path)
    if (value === undefined) continue
    const asked = readAgreeWord(value)
    if (asked) return { kind: 'agree', epk: asked }
    const pointer = argumentPointer(path)
    if (!looksSealed(value)) return { kind: 'plain', path: pointer, epk: stated?.epk }
    const parsed = parseField(value, 'request')
    if (!parsed) return { kind: 'wrong', path: pointer, problem: 'malformed' }
    // One call has one sender: else values of two could be put together by whoever carries them.
    const { header } = fields[0]?.parsed ?? parsed
    const { epk, call, kid } = parsed.header
    if (epk !== header.epk || call !== header.call || kid !== header.kid || !agrees(stated, epk, call))
      return { kind: 'wrong', path: pointer, problem: 'of_another_call' }
    fields.push({ path, parsed })
  }
  const by = fields[0]?.parsed.header ?? byOf(stated)
  if (!by && sealed && sealed.results.length > 0) return { kind: 'plain', path: undefined, epk: stated?.epk }
  return { kind: 'sealed', fields, by }
}

/** What stands beside the values says the same, or nothing. */
const agrees = (stated: CallEncryption | undefined, epk: string, call: string): boolean =>
  !stated || (stated.epk.x === epk && (stated.call === undefined || stated.call === call))

const byOf = (stated: CallEncryption | undefined): By | undefined =>
  stated?.call === undefined ? undefined : { epk: stated.epk.x, call: stated.call, kid: undefined }
