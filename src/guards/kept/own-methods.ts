/**
 * The extension by which a caller puts something here to refer to it, and takes it away again:
 *
 *   sallyport/resources/put     { text | blob, mimeType, name, ttlSeconds, more }   →  { uri, received } … { uri, size, expiresAt }
 *   sallyport/resources/delete  { uri }                                             →  {}
 *
 * Only for somebody who has signed in and may call a tool that takes references: nobody else has a use for it, and to everybody else the
 * methods are unknown. Fails closed.
 *
 * @module
 */

import type { Catalogue, Extension } from '../../catalogue/index.ts'
import {
  type Approved,
  allow,
  createTally,
  type Decision,
  deny,
  type Final,
  type JsonObject,
  type Principal,
  principalKey,
} from '../../core/index.ts'
import { isBase64, isMimeType } from '../../protocol/index.ts'
import type { KeptBounds, KeptResources, Part, Receipt } from './kept-resources.ts'

/** Its name in the capabilities. */
const RESOURCES_EXTENSION = 'sallyport/resources'

export interface KeptMethodsOptions {
  readonly kept: KeptResources
  readonly catalogue: Pick<Catalogue, 'takesReferences'>
  readonly bounds: KeptBounds
  readonly partBytes: number
}

/** Parts of one caller that are sealed at once: what is measured before it is kept may be off by so much. */
const MAX_AT_ONCE = 16
const MAX_NAME = 256

const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })
const result = (value: JsonObject): Decision<Final> => allow({ kind: 'result', result: value })

export function createKeptMethods({ kept, catalogue, bounds, partBytes }: KeptMethodsOptions): Extension {
  const places = createTally()
  const mayPut = (principal: Principal): boolean => principal.credential !== 'none' && catalogue.takesReferences(principal)

  async function put({ principal, message: { params, method } }: Approved): Promise<Decision<Final>> {
    if (!mayPut(principal)) return deny({ reason: 'unknown_method', method })
    const part = partOf(params)
    if (!part.allowed) return part
    const leave = places.take(principalKey(principal), MAX_AT_ONCE)
    if (!leave) return deny({ reason: 'overloaded', problem: `This caller puts ${MAX_AT_ONCE} parts already: wait for one to end.` })
    try {
      const receipt = await keep(principal, params, part.value)
      return receipt.allowed ? result(shown(receipt.value)) : receipt
    } finally {
      leave()
    }
  }

  async function keep(principal: Principal, params: JsonObject, part: Part): Promise<Decision<Receipt>> {
    const { uri, mimeType = params['blob'] === undefined ? 'text/plain' : 'application/octet-stream', name, ttlSeconds } = params
    if (uri !== undefined) return typeof uri === 'string' ? kept.append(principal, uri, part) : invalid('params.uri must be a string.')
    if (!isMimeType(mimeType)) return invalid('params.mimeType must be a media type.')
    if (name !== undefined && !(typeof name === 'string' && name.length <= MAX_NAME && !/[\u0000-\u001f\u007f-\u009f]/.test(name)))
      return invalid(`params.name must be a line of at most ${MAX_NAME} characters.`)
    if (ttlSeconds !== undefined && !(Number.isSafeInteger(ttlSeconds) && (ttlSeconds as number) > 0))
      return invalid('params.ttlSeconds must be a whole number of seconds.')
    return kept.begin(principal, { mimeType, name, ttlSeconds: ttlSeconds as number | undefined }, part)
  }

  async function remove({ principal, message: { params, method } }: Approved): Promise<Decision<Final>> {
    const { uri } = params
    if (!mayPut(principal)) return deny({ reason: 'unknown_method', method })
    if (typeof uri !== 'string') return invalid('params.uri must be a string.')
    return (await kept.remove(uri, principal)) ? result({}) : deny({ reason: 'unknown_name', kind: 'resource' })
  }

  return {
    name: RESOURCES_EXTENSION,
    methods: { 'sallyport/resources/put': put, 'sallyport/resources/delete': remove },
    declared: (principal) =>
      mayPut(principal) ? { partBytes, maxBytes: bounds.maxBytes, maxTtlSeconds: bounds.maxTtlSeconds } : undefined,
  }
}

function partOf({ text, blob, offset = 0, more = false }: JsonObject): Decision<Part> {
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) return invalid('params.offset must be a number of bytes.')
  if (typeof more !== 'boolean') return invalid('params.more must be true or false.')
  const bytes = typeof text === 'string' ? Buffer.from(text) : isBase64(blob) ? Buffer.from(blob, 'base64') : undefined
  if (!bytes || (text !== undefined && blob !== undefined)) return invalid('params must have either text, or a blob of Base64.')
  return allow({ offset: offset as number, bytes, isLast: !more })
}

const shown = ({ uri, size, isWhole, expiresAt }: Receipt): JsonObject =>
  isWhole ? { uri, size, expiresAt: new Date(expiresAt).toISOString() } : { uri, received: size }
