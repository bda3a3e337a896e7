/**
 * What an upstream answers where it needs something of the caller first (2026-07-28 multi round-trip requests), and how the
 * caller's answers go back to it. Its `requestState` is kept as it came and brought back as it was: what is in it is the
 * upstream's own business (G10). On our own wire it is inside a seal of ours (`guards/request-state`).
 *
 * @module
 */

import { allow, type Decision, type Input, type InputRequest, type JsonObject, type Produced } from '../../core/index.ts'
import { isAskable, isObject } from '../../protocol/index.ts'
import { sentences } from './link.ts'

/** Of all that is asked in one round, and of what is to be brought back: it goes to the caller and comes back, sealed. */
export const MAX_ASKED_CHARACTERS: number = 40 * 1024

export function toAsking(server: string, method: string, { inputRequests, requestState }: JsonObject): Decision<Produced> {
  if (!isAskable(method)) return sentences.garbled(server)
  if (inputRequests === undefined && requestState === undefined) return sentences.garbled(server)
  if (requestState !== undefined && typeof requestState !== 'string') return sentences.garbled(server)
  const requests = toRequests(inputRequests ?? {})
  if (!requests) return sentences.garbled(server)
  if (JSON.stringify([requests, requestState]).length > MAX_ASKED_CHARACTERS) return sentences.asksTooMuch(server)
  return allow({ kind: 'input', requests, state: requestState })
}

/** That they are requests at all; which ones may be sent, `guards/input-check` decides. */
function toRequests(value: unknown): Record<string, InputRequest> | undefined {
  if (!isObject(value)) return undefined
  const requests: [string, InputRequest][] = []
  for (const [key, asked] of Object.entries(value)) {
    const request = isObject(asked) ? toRequest(asked.method, asked.params) : undefined
    if (!request) return undefined
    requests.push([key, request])
  }
  return Object.fromEntries(requests)
}

/** `roots/list` needs no parameters. */
export function toRequest(method: unknown, params: unknown = {}): InputRequest | undefined {
  return typeof method === 'string' && isObject(params) ? { method: method as InputRequest['method'], params } : undefined
}

/**
 * A legacy server's error that a page has to be visited first (2025-11-25 elicitation §URL mode with elicitation required error) says
 * the same: the caller is asked, and the call made again. Undefined: it does not say which.
 */
export function toVisits(method: string, data: unknown): Produced | undefined {
  const visits = isObject(data) && Array.isArray(data.elicitations) ? data.elicitations : []
  if (!isAskable(method) || visits.length === 0 || JSON.stringify(visits).length > MAX_ASKED_CHARACTERS) return undefined
  const requests: Record<string, InputRequest> = {}
  for (const [at, params] of visits.entries()) {
    if (!isObject(params) || params.mode !== 'url') return undefined
    requests[`visit-${at + 1}`] = { method: 'elicitation/create', params }
  }
  return { kind: 'input', requests }
}

/** Whether the caller said no to any of them. */
export const isDeclined = ({ latest }: Input): boolean => Object.values(latest).some(({ action }) => action !== 'accept')

/** What a retry adds to the parameters (§client requirements): what it was not given, it must not send. */
export function withAnswers(params: JsonObject, { latest, state }: Input): JsonObject {
  return {
    ...params,
    ...(Object.keys(latest).length > 0 ? { inputResponses: latest } : {}),
    ...(state === undefined ? {} : { requestState: state }),
  }
}
