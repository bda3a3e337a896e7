/**
 * One call with encrypted fields: its values sealed for one tool, field and caller, and its result opened. What was sealed is sent again as
 * it is, however often: the server takes it once.
 *
 * Fails closed: a result that does not open, or is not for exactly this call, is withheld.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import {
  argumentPointer,
  bindingOf,
  type ContentKeys,
  createCallId,
  looksSealed,
  type OkpJwk,
  openField,
  type Path,
  parseField,
  resultPointer,
  sealedPathOf,
  sealField,
  thumbprintOf,
  valueAt,
  withValue,
} from '../../payload/index.ts'
import { canonicalJson, isObject } from '../../protocol/index.ts'
import { TrustError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import { type Agreed, withEncryption } from './agree.ts'
import type { Named } from './belief.ts'

export interface SealedCall {
  /** As it goes out. */
  readonly params: JsonObject
  /** The thumbprint of the server's key that it is sealed to. */
  readonly kid: string
  /** `keys`: those of the server's that are known by now, beside the one that was agreed on. @throws {TrustError} */
  open(result: JsonObject, keys: readonly OkpJwk[]): JsonObject
}

export interface SealCallOptions {
  readonly named: Named
  readonly params: JsonObject
  /** Where the arguments have something to seal. */
  readonly paths: readonly Path[]
  readonly result: readonly Path[]
  readonly agreed: Agreed
  readonly contentKeys: ContentKeys
}

export function sealCall({ named, params, paths, result: resultPaths, agreed, contentKeys }: SealCallOptions): SealedCall {
  const { privateKey, epk, epkId, agreement, serverTime } = agreed
  const { principal, key, tool } = agreement
  const { name, server } = named
  const call = createCallId()
  const kid = thumbprintOf(key)
  const contentKey = contentKeys.of(privateKey, epkId, key.x, 'request')
  if (!contentKey) throw new TrustError('encryption_invalid', name, `The key of ${server} for ${quoted(name)} is none.`)
  const iat = serverTime()
  const given = params['arguments']
  let args = isObject(given) ? given : {}
  for (const path of paths) {
    const bnd = bindingOf({ tool, pointer: argumentPointer(path), principal })
    args = withValue(args, path, sealField(JSON.stringify(valueAt(args, path)), contentKey, 'request', { kid, epk: epk.x, iat, call, bnd }))
  }

  /** By any key of the server's: a result takes its time, and keys are renewed. */
  function openAt(structured: JsonObject, path: Path, keys: readonly OkpJwk[]): JsonObject {
    const sealed = valueAt(structured, sealedPathOf(path))
    const field = typeof sealed === 'string' ? parseField(sealed, 'result') : undefined
    const opening = field && [key, ...keys].some(({ x }) => x === field.header.epk) ? field : undefined
    const resultKey = opening && contentKeys.of(privateKey, epkId, opening.header.epk, 'result')
    const opened = resultKey && openField(opening, resultKey)
    const bnd = bindingOf({ tool, pointer: resultPointer(path), principal })
    if (!opened || opening?.header.call !== call || opening.header.bnd !== bnd)
      throw new TrustError('result_unopened', name, `An encrypted part of the result of ${quoted(name)} at ${server} is not for this call.`)
    return withValue(structured, path, opened.value)
  }

  return {
    params: withEncryption({ ...params, arguments: args }, { v: 1, epk, call }),
    kid,
    open(result, keys) {
      if (resultPaths.length === 0) return result
      const isError = result['isError'] === true
      const sealed = result['structuredContent'] ?? (isError ? undefined : inText(result['content']))
      // An error may be of somebody in between, who has nothing to encrypt.
      if (!isObject(sealed) && isError) return result
      if (!isObject(sealed))
        throw new TrustError('result_unopened', name, `The result of ${quoted(name)} at ${server} has nothing of what it encrypts.`)
      const isThere = (path: Path): boolean => {
        const value = valueAt(sealed, sealedPathOf(path))
        return isError ? looksSealed(value) : value !== undefined || path.length === 0
      }
      const structured = resultPaths.filter(isThere).reduce((all, path) => openAt(all, path, keys), sealed)
      return { ...result, structuredContent: structured, content: mirrored(result['content'], sealed, structured) }
    },
  }
}

/** Some of those in between keep only the text, which says the same. */
function inText(content: unknown): unknown {
  const [block] = Array.isArray(content) ? content : []
  return isObject(block) ? parse(block['text']) : undefined
}

/** The text that repeats the structured content, with what is in it now. */
function mirrored(content: unknown, sealed: JsonObject, opened: JsonObject): readonly unknown[] {
  const same = canonicalJson(sealed)
  return (Array.isArray(content) ? content : []).map((block) => {
    const said = isObject(block) ? parse(block['text']) : undefined
    return isObject(said) && canonicalJson(said) === same ? { ...block, text: JSON.stringify(opened) } : block
  })
}

function parse(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
