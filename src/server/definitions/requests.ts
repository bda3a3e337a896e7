/**
 * What a function may ask of its caller with `context.ask({ name: elicit({ … }) })`: a form for the person, a page that they open, a
 * sample of the client's model, its roots (2026-07-28 multi round-trip requests §InputRequests). What the caller has not
 * declared is never sent (`guards/rounds`).
 *
 * @module
 */

import type { InputRequest, JsonObject } from '../../core/index.ts'

export interface FormRequest {
  /** What the person reads above the form. */
  readonly message: string
  /** A flat JSON Schema object: strings, numbers, booleans and choices. Never for what grants access: that wants `elicitUrl`. */
  readonly requestedSchema: JsonObject
}
export const elicit = ({ message, requestedSchema }: FormRequest): InputRequest => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema },
})

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
