/**
 * Seals what leaves to who asked: nobody on the way can read it, and none can put another call's in its place.
 *
 * A step of `release`, after all that may take something out. Fails closed: what cannot be sealed is withheld.
 *
 * @module
 */

import { allow, type Clock, deny, type JsonObject, type Redactor } from '../../core/index.ts'
import { bindingOf, type ContentKeys, handleOf, resultPointer, sealedPathOf, sealField, valueAt, withValue } from '../../payload/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { Leaving, Step } from '../release/index.ts'
import type { PayloadKey } from './key-record.ts'
import type { PayloadKeys } from './keys.ts'
import { type By, readSent } from './sent.ts'

export interface SealResultsOptions {
  readonly keys: PayloadKeys
  readonly contentKeys: ContentKeys
  readonly redactor: Redactor
  readonly clock: Clock
}

export function createSealResults({ keys, contentKeys, redactor, clock }: SealResultsOptions): Step {
  /** The one that the caller knows, or the one that lists tell of. */
  async function keyFor({ kid }: By): Promise<PayloadKey> {
    const known = kid === undefined ? undefined : await keys.find(kid)
    return known ?? ((await keys.current()).keys.at(-1) as PayloadKey)
  }

  function sealAll({ privateKey, kid, jwk }: PayloadKey, { epk, call }: By, structured: JsonObject, leaving: Leaving): JsonObject {
    const { entry, principal } = leaving
    const contentKey = contentKeys.of(privateKey, kid, epk, 'result')
    if (!contentKey) throw new Error('a call was run whose result nobody can open')
    const iat = Math.floor(clock() / 1000)
    let sealed = structured
    for (const path of entry.sealed?.results ?? []) {
      const value = valueAt(structured, path)
      if (value === undefined) continue
      const bnd = bindingOf({ tool: entry.origin.name, pointer: resultPointer(path), principal: handleOf(principal) })
      // What must not leave must not leave sealed either: nobody after this could find it.
      const text = sealField(redactor.json(value), contentKey, 'result', { kid, epk: jwk.x, iat, call, bnd })
      sealed = withValue(path.length === 0 ? {} : sealed, sealedPathOf(path), text)
    }
    return sealed
  }

  return async function seal(result, leaving) {
    const { entry, params, meta } = leaving
    if (!entry.sealed || entry.sealed.results.length === 0) return allow(result)
    const structured = result['structuredContent']
    if (!isObject(structured)) {
      // Words for whoever called: their author wrote them to be read.
      if (result['isError'] === true && structured === undefined) return allow(result)
      return deny({ reason: 'invalid_result', path: 'structuredContent', rule: 'must be an object: parts of it are encrypted' })
    }
    const args = params['arguments']
    const sent = readSent(entry, isObject(args) ? args : {}, meta)
    if (sent.kind !== 'sealed' || !sent.by) throw new Error('a call was run whose result nobody can open')
    const sealed = sealAll(await keyFor(sent.by), sent.by, structured, leaving)
    // Whatever else there was to show would show it in clear.
    const isError = result['isError'] === true ? { isError: true } : {}
    return allow({ ...isError, content: [{ type: 'text', text: JSON.stringify(sealed) }], structuredContent: sealed })
  }
}
