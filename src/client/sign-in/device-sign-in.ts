/**
 * Signs a person in who has their browser elsewhere (RFC 8628): they open a short address, enter a code, and the program asks the token
 * endpoint now and then whether they are done.
 *
 * What the authorization server says is bounded: how long a code is good, how often it is asked, and what a person is shown.
 *
 * @module
 */

import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, JsonObject } from '../../core/index.ts'
import { isRedirect } from '../../net/index.ts'
import { askForDocument } from '../documents.ts'
import { AuthorizationError, TransportError } from '../errors.ts'
import type { Network } from '../network.ts'
import { type ClientIdentity, secretsOf, toClientAuthentication } from './client-identity.ts'
import { parseOAuthError } from './oauth-error.ts'
import type { ProofKey } from './proof.ts'
import { DEVICE_GRANT } from './registration.ts'
import { type Grant, isHeaderValue, requestTokens, type Tokens } from './token-request.ts'

/** What a person is told. */
export interface DeviceCode {
  /** To be entered at `verificationUri`. */
  readonly userCode: string
  readonly verificationUri: string
  /** With the code in it already, as for a QR code; undefined where the authorization server has none. */
  readonly verificationUriComplete: string | undefined
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface DeviceSignIn {
  readonly network: Network
  readonly clock: Clock
  readonly grant: Grant & { readonly client: ClientIdentity }
  readonly scopes: readonly string[]
  readonly proof: ProofKey | undefined
  readonly bearerWillDo: boolean
  readonly onDeviceCode: (code: DeviceCode) => unknown
  readonly signal: AbortSignal
}

const MAX_LIFE_SECONDS = 30 * 60
const INTERVAL_SECONDS = 5
const MAX_INTERVAL_SECONDS = 60

interface Waiting extends DeviceCode {
  readonly deviceCode: string
  readonly intervalSeconds: number
}

/** @throws {AuthorizationError | TransportError}, or the reason of the signal. */
export async function signInOnDevice(options: DeviceSignIn): Promise<Tokens> {
  const { network, clock, grant, proof, bearerWillDo, onDeviceCode, signal } = options
  const { deviceCode, intervalSeconds, ...shown } = await askForCode(options)
  await onDeviceCode(Object.freeze(shown))
  const fields = { grant_type: DEVICE_GRANT, device_code: deviceCode }
  for (let seconds = intervalSeconds; ; ) {
    await wait(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted())
    if (clock() >= shown.expiresAt) throw new AuthorizationError('sign_in_expired', 'Nobody entered the code in time.')
    try {
      return await requestTokens({ network, clock, grant, fields, proof, bearerWillDo })
    } catch (error) {
      const reason = error instanceof AuthorizationError ? error.reason : undefined
      if (reason === 'authorization_pending') continue
      // RFC 8628 §3.5: five seconds more, and the same where nobody answered at all.
      if (reason === 'slow_down' || error instanceof TransportError) seconds = Math.min(seconds + INTERVAL_SECONDS, MAX_INTERVAL_SECONDS)
      else if (reason === 'expired_token') throw new AuthorizationError('sign_in_expired', 'Nobody entered the code in time.')
      else if (reason === 'access_denied') throw new AuthorizationError('authorization_denied', 'The person said no.', { reason })
      else throw error
    }
  }
}

async function askForCode({ network, clock, grant, scopes }: DeviceSignIn): Promise<Waiting> {
  const { server, client, resource } = grant
  const endpoint = server.deviceAuthorizationEndpoint
  if (endpoint === undefined)
    throw new AuthorizationError('device_unsupported', `The authorization server ${server.issuer} has no sign-in on another device.`)
  const { headers, fields } = await toClientAuthentication(client)
  const { status, document } = await askForDocument(network, endpoint, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...fields, resource, ...(scopes.length > 0 && { scope: scopes.join(' ') }) }).toString(),
  })
  if (isRedirect(status))
    throw new AuthorizationError('redirected', `The device authorization endpoint at ${endpoint.host} answers with a redirect.`)
  if (status >= 500 || status === 429)
    throw new TransportError('http_status', `The device authorization endpoint at ${endpoint.host} answers ${status}.`, status)
  if (status !== 200) {
    const reason = parseOAuthError(document?.['error'], secretsOf(client))
    throw new AuthorizationError('token_refused', `${endpoint.host} refused to begin a sign-in (${reason ?? status}).`, {
      ...(reason !== undefined && { reason }),
    })
  }
  return toWaiting(document ?? {}, { network, host: endpoint.host, now: clock() })
}

interface WaitingContext {
  readonly network: Network
  readonly host: string
  readonly now: number
}

function toWaiting(document: JsonObject, { network, host, now }: WaitingContext): Waiting {
  const { device_code: deviceCode, user_code: userCode, expires_in: life, interval } = document
  const refuse = (what: string): AuthorizationError =>
    new AuthorizationError('metadata_invalid', `What ${host} answered to a sign-in on another device ${what}.`)
  if (!isHeaderValue(deviceCode)) throw refuse('has no device_code')
  if (typeof userCode !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(userCode)) throw refuse('has no user_code that can be shown')
  if (typeof life !== 'number' || !(life > 0)) throw refuse('has no expires_in')
  const seconds = typeof interval === 'number' && interval > 0 ? interval : INTERVAL_SECONDS
  const address = (member: string): string | undefined => {
    const text = document[member]
    if (text === undefined) return undefined
    const url = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null
    if (url === null) throw refuse(`has a ${member} that is no URL`)
    const problem = network.problemWith(url)
    if (problem !== undefined)
      throw new AuthorizationError('insecure_url', `${host} wants to send the person to an address that ${problem}.`)
    return url.href
  }
  const verificationUri = address('verification_uri')
  if (verificationUri === undefined) throw refuse('has no verification_uri')
  return {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete: address('verification_uri_complete'),
    expiresAt: now + Math.min(life, MAX_LIFE_SECONDS) * 1000,
    intervalSeconds: Math.min(Math.max(seconds, 1), MAX_INTERVAL_SECONDS),
  }
}
