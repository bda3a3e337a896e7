/**
 * `/register` and `/register/ID` over HTTP (RFC 7591 §3, RFC 7592 §2): what is asked, how often, and how it is answered. The rules are in
 * `registration.ts` and `registration-management.ts`.
 *
 * Fails closed: a token that is not the client's, and a client that is gone, get the same 401.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Counters } from '../storage/index.ts'
import { end, sendError, sendJson } from './answers.ts'
import type { Payload } from './artifacts.ts'
import type { Clients } from './clients.ts'
import type { Recorder } from './recorder.ts'
import { isRefusal } from './refusal.ts'
import { checkRegistration } from './registration.ts'
import type { RegistrationManagement } from './registration-management.ts'

export interface RegistrationEndpointParts {
  readonly clients: Clients
  readonly counters: Counters
  readonly record: Recorder
  readonly perHour: number
  readonly budgetOf: (request: IncomingMessage) => string
  readonly management: RegistrationManagement
  /** Answers a registration whose metadata passed. */
  readonly register: (request: IncomingMessage, response: ServerResponse, metadata: Payload) => Promise<void>
}

export interface RegistrationEndpoint {
  register(request: IncomingMessage, response: ServerResponse, text: string): Promise<void>
  manage(request: IncomingMessage, response: ServerResponse, clientId: string, text: string): Promise<void>
}

const HOUR_MS = 3_600_000
const actions: Record<string, string> = { POST: 'client.register', GET: 'client.read', PUT: 'client.update', DELETE: 'client.remove' }

export function createRegistrationEndpoint(parts: RegistrationEndpointParts): RegistrationEndpoint {
  const { clients, counters, record, perHour, budgetOf, management } = parts
  const actionOf = ({ method = '' }: IncomingMessage): string => actions[method] ?? 'client.register'

  function refuse(request: IncomingMessage, response: ServerResponse, status: number, error: string, description: string): void {
    record(request, { decision: 'deny', reason: error, action: actionOf(request), sentence: description })
    sendError(response, status, error, description)
  }
  /** True where the address has asked too often, and was told so. */
  async function isSpent(request: IncomingMessage, response: ServerResponse, what: 'register' | 'manage'): Promise<boolean> {
    const { count, resetMs } = await counters.increment(`${what}:${budgetOf(request)}`, HOUR_MS)
    if (count <= perHour) return false
    response.setHeader('retry-after', Math.ceil(resetMs / 1000))
    refuse(request, response, 429, 'temporarily_unavailable', 'too many registrations came from this address: try again later')
    return true
  }
  return {
    async register(request, response, text) {
      if (await isSpent(request, response, 'register')) return
      const checked = checkRegistration(parseJson(text))
      if (isRefusal(checked)) return refuse(request, response, 400, checked.error, checked.description)
      return parts.register(request, response, checked.metadata)
    },
    async manage(request, response, clientId, text) {
      if (await isSpent(request, response, 'manage')) return
      const current = await management.open(clientId, request.headers.authorization)
      if (current === undefined) {
        response.setHeader('www-authenticate', 'Bearer error="invalid_token"')
        return refuse(request, response, 401, 'invalid_token', 'this is not the registration access token of a client that is registered')
      }
      const about = { decision: 'allow', reason: 'allowed', action: actionOf(request), clientId } as const
      if (request.method === 'DELETE') {
        await clients.remove(clientId)
        record(request, about)
        return end(response, 204)
      }
      const metadata = request.method === 'PUT' ? await management.update(clientId, current, parseJson(text)) : current
      if (isRefusal(metadata)) return refuse(request, response, 400, metadata.error, metadata.description)
      if (request.method === 'PUT') record(request, about)
      return sendJson(response, 200, { ...metadata, ...management.accessTo(clientId) })
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
