/**
 * What a request presents to say who sends it: a bearer token, a bound token with its proof, or an API key. Never from the
 * query string (2026-07-28 authorization §token requirements).
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Credential, Possession } from '../../core/index.ts'
import { isRepeated } from './repeated.ts'

interface Presented {
  readonly authorization: string | undefined
  readonly key: string | string[] | undefined
  readonly credential: Credential | undefined
}

/**
 * What each connection presented last. The same text again is the same object, so that its hash is kept with it
 * (`guards/authenticate`) and goes when the connection goes. It proves nothing: the outcome is looked up each time.
 */
const presented = new WeakMap<Socket, Presented>()

export function credentialOf({ headers, rawHeaders, socket }: IncomingMessage): Credential | undefined {
  const { authorization } = headers
  const key = headers['x-api-key']
  if (authorization !== undefined && isRepeated(rawHeaders, 'authorization')) return { scheme: 'several', value: '' }
  const last = presented.get(socket)
  if (last && last.authorization === authorization && last.key === key) return last.credential
  const credential = parseCredential(authorization, key)
  presented.set(socket, { authorization, key, credential })
  return credential
}

function parseCredential(authorization: string | undefined, key: Presented['key']): Credential | undefined {
  const token = authorization === undefined ? undefined : parseToken(authorization)
  if (token && key !== undefined) return { scheme: 'several', value: '' }
  if (token) return token
  return typeof key === 'string' && key !== '' ? { scheme: 'api_key', value: key } : undefined
}

function parseToken(authorization: string): Credential | undefined {
  const end = authorization.indexOf(' ')
  const value = authorization.slice(end + 1).trim()
  if (end === -1 || value === '') return undefined
  const scheme = authorization.slice(0, end).toLowerCase()
  return scheme === 'bearer' || scheme === 'dpop' ? { scheme, value } : undefined
}

/** What came beside a bound token (RFC 9449 §4.3). Sent more than once, Node makes a list of it, which is no proof. */
export function possessionOf({ headers, method = '' }: IncomingMessage, credential: Credential | undefined): Possession | undefined {
  if (credential?.scheme !== 'dpop') return undefined
  const { dpop } = headers
  return typeof dpop === 'string' && dpop !== '' ? { proof: dpop, method } : undefined
}
