/**
 * What we ask of a caller, and what it answers, before either goes anywhere: the request must be one that a server may send,
 * the response must have the shape that the request promises, and a form's content must match the form.
 *
 * Fails closed: a form whose schema cannot be compiled is not sent.
 *
 * @module
 */

import {
  type Denial,
  type InputRequest,
  type InputRequests,
  type InputResponses,
  type JsonObject,
  looksSecret,
  type Violation,
} from '../core/index.ts'
import { isLoopbackName } from '../net/index.ts'
import { isObject, lacking } from '../protocol/index.ts'
import { createChecks } from '../schema/index.ts'

/** Requests of one round, and so responses. */
const MAX_REQUESTS = 32
const MAX_KEY_CHARACTERS = 128
const MAX_ROOTS = 1_000
/** What was understood of forms is forgotten after so many, unless it is asked for again. */
const SWEEP_EVERY = 256

export interface InputCheck {
  /** Why a caller with those capabilities is not asked this: no server may ask it, or the caller has not declared that it answers. */
  refusal(asked: InputRequests, capabilities: JsonObject): Denial | undefined
  /** `asked`: what the responses are to; one that nobody asked for is not looked at. */
  responses(asked: InputRequests, responses: InputResponses): Violation | undefined
}

/** Whether it is a map of results at all; what is in them is for `responses`. */
export const isResponses = (value: unknown): value is InputResponses =>
  isObject(value) && Object.keys(value).length <= MAX_REQUESTS && Object.values(value).every(isObject)

export function createInputCheck(): InputCheck {
  const forms = createChecks('checked')
  let used = 0
  function formOf(schema: JsonObject): ReturnType<typeof forms.understand> {
    if (++used % SWEEP_EVERY === 0) forms.sweep()
    return forms.understand(schema)
  }

  function elicitation(params: JsonObject): string | undefined {
    const { mode = 'form', message, requestedSchema, url } = params
    if (typeof message !== 'string') return 'must have a message'
    if (mode === 'url') return isSafeUrl(url) ? undefined : 'must have an https URL without credentials'
    if (mode !== 'form') return 'must be of mode "form" or "url"'
    if (!isObject(requestedSchema) || !isObject(requestedSchema['properties'])) return 'must have a requestedSchema with properties'
    // A form's answers pass the client, and the model may see them (2026-07-28 elicitation §user interaction model).
    if (Object.keys(requestedSchema['properties']).some(looksSecret)) return 'asks for a secret in a form: use mode "url"'
    const form = formOf(requestedSchema)
    return 'problem' in form ? `has ${form.problem}` : undefined
  }

  function response({ method, params }: InputRequest, given: JsonObject): { at: string; rule: string } | undefined {
    switch (method) {
      case 'elicitation/create': {
        const { action, content } = given
        if (action !== 'accept' && action !== 'decline' && action !== 'cancel')
          return { at: '/action', rule: 'must be "accept", "decline" or "cancel"' }
        if (action !== 'accept' || params['mode'] === 'url') return undefined
        const form = formOf(params['requestedSchema'] as JsonObject)
        const violation = 'problem' in form ? { path: '', rule: 'cannot be checked' } : form.check(content ?? {})
        return violation && { at: `/content${violation.path.replace(/^arguments/, '')}`, rule: violation.rule }
      }
      case 'sampling/createMessage':
        return isObject(given['content']) || Array.isArray(given['content']) ? undefined : { at: '/content', rule: 'must be a message' }
      case 'roots/list': {
        const { roots } = given
        const isFine =
          Array.isArray(roots) && roots.length <= MAX_ROOTS && roots.every((root) => isObject(root) && typeof root['uri'] === 'string')
        return isFine ? undefined : { at: '/roots', rule: 'must be a list of roots' }
      }
    }
  }

  function problemOf(asked: InputRequests): Violation | undefined {
    const keys = Object.keys(asked)
    if (keys.length > MAX_REQUESTS) return { path: 'inputRequests', rule: `must NOT have more than ${MAX_REQUESTS} requests` }
    for (const key of keys) {
      const { method, params } = asked[key] as InputRequest
      const path = `inputRequests/${key.slice(0, MAX_KEY_CHARACTERS)}`
      if (key.length > MAX_KEY_CHARACTERS || !isObject(params)) return { path, rule: 'must be a request under a short key' }
      const rule =
        method === 'elicitation/create'
          ? elicitation(params)
          : method === 'sampling/createMessage' || method === 'roots/list'
            ? undefined
            : 'is none that a client answers'
      if (rule !== undefined) return { path, rule }
    }
    return undefined
  }

  return {
    refusal(asked, capabilities) {
      const wrong = problemOf(asked)
      if (wrong) return { reason: 'invalid_result', ...wrong }
      const required = missing(asked, capabilities)
      return required && { reason: 'missing_capability', required }
    },
    responses(asked, responses) {
      for (const [key, given] of Object.entries(responses)) {
        if (!Object.hasOwn(asked, key)) continue
        const wrong = response(asked[key] as InputRequest, given)
        if (wrong) return { path: `inputResponses/${key}${wrong.at}`, rule: wrong.rule }
      }
      return undefined
    },
  }
}

/** All the capabilities that the caller lacks for these requests, in one object. */
function missing(requests: InputRequests, capabilities: JsonObject): JsonObject | undefined {
  let required: JsonObject | undefined
  for (const key of Object.keys(requests)) {
    const lacks = lacking(capabilities, requests[key] as InputRequest)
    if (lacks) required = { ...required, ...lacks }
  }
  return required
}

/** It will be opened in a browser: nothing that runs or reads anything, and no password in it (RS29). */
function isSafeUrl(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (!url || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname))
}
