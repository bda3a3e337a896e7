/**
 * What a request presents to say who sends it: a bearer token, or an API key. Never from the query string (2026-07-28
 * authorization §token requirements).
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Credential } from '../../core/index.ts'
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
  const bearer =
    authorization !== undefined && authorization.length > 7 && authorization.slice(0, 7).toLowerCase() === 'bearer '
      ? authorization.slice(7).trim()
      : undefined
  if (bearer && key !== undefined) return { scheme: 'several', value: '' }
  if (bearer) return { scheme: 'bearer', value: bearer }
  return typeof key === 'string' && key !== '' ? { scheme: 'api_key', value: key } : undefined
}
