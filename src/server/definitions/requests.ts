/**
 * What a function may ask of its caller with `context.ask({ name: elicit({ … }) })`: a form for the person, a page that they open, a
 * sample of the client's model, its roots (2026-07-28 multi round-trip requests §InputRequests). What the caller has not
 * declared is never sent (`guards/rounds`).
 *
 * @module
 */

import { type InputRequest, type JsonObject, looksSecret } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { isStandardSchema } from './standard-schema.ts'

export interface FormRequest {
  /** What the person reads above the form. */
  readonly message: string
  /** A flat JSON Schema object: strings, numbers, booleans and choices. Never for what grants access: that wants `elicitUrl`. */
  readonly requestedSchema: JsonObject
}
/** @throws {TypeError} for a form that would not be sent: a mistake of the tool's, and told to its operator like any other. */
export function elicit({ message, requestedSchema }: FormRequest): InputRequest {
  const given: unknown = requestedSchema
  if (isStandardSchema(given)) throw new TypeError('elicit: requestedSchema takes plain JSON Schema, and no schema of a library')
  if (!isObject(given) || !isObject(given['properties']))
    throw new TypeError('elicit: requestedSchema must be a JSON Schema with properties: { type: "object", properties: { … } }')
  const secret = Object.keys(given['properties']).find(looksSecret)
  if (secret !== undefined)
    throw new TypeError(`elicit: ${secret.slice(0, 64)} looks like a secret, which a form must not ask for: use elicitUrl`)
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } }
}

export interface UrlRequest {
  readonly message: string
  /** https, without credentials; what the page is told must be bound to the person who is signed in there. */
  readonly url: string
  /** Tells apart what several pages are for. */
  readonly elicitationId: string
}
export const elicitUrl = ({ message, url, elicitationId }: UrlRequest): InputRequest => ({
  method: 'elicitation/create',
  params: { mode: 'url', message, url, elicitationId },
})

export interface SampleRequest {
  readonly messages: readonly JsonObject[]
  readonly maxTokens: number
  readonly [member: string]: unknown
}
export const sample = (params: SampleRequest): InputRequest => ({ method: 'sampling/createMessage', params })

export const listRoots = (): InputRequest => ({ method: 'roots/list', params: {} })
