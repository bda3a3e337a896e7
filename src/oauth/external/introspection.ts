/**
 * Asks the issuer whether a token still holds (RFC 7662). What it answers counts for a second, so that a token that it revoked stops
 * within one; what it called inactive stays so for ten, so that a caller who repeats it costs one question. However many requests bring the same token
 * within a second, the issuer is asked once. That second begins with the question: what it answers late was true when it was asked.
 *
 * Fails closed: no answer, or one that is none, is `unavailable`, and never `active`.
 *
 * @module
 */

import { hash } from 'node:crypto'
import { type Clock, type JsonObject, type Log, toBasicPair } from '../../core/index.ts'
import type { Ask } from './ask.ts'
import type { FindMetadata } from './issuer-metadata.ts'
import type { IntrospectionOptions } from './options.ts'

export type Introspected =
  | { readonly state: 'active'; readonly claims: JsonObject; readonly askedAt: number }
  | { readonly state: 'inactive' }
  /** Nobody can say now. */
  | { readonly state: 'unavailable' }

export type Introspect = (token: string) => Promise<Introspected>

/** How long an answer counts, from its question on. The one that keeps it is `guards/authenticate`. */
export const ACTIVE_MS = 1_000
const INACTIVE_MS = 10_000
const MAX_INACTIVE = 10_000
/** Callers decide how often it happens. */
const COMPLAIN_EVERY_MS = 10_000

export interface IntrospectionParts {
  readonly options: IntrospectionOptions
  readonly metadata: FindMetadata
  readonly ask: Ask
  readonly clock: Clock
  readonly log: Log
}

const unavailable: Introspected = { state: 'unavailable' }
const inactive: Introspected = { state: 'inactive' }

export function createIntrospection({ options, metadata, ask, clock, log }: IntrospectionParts): Introspect {
  const { clientId, clientSecret } = options
  const refused = new Map<string, number>()
  const asking = new Map<string, { readonly at: number; readonly answer: Promise<Introspected> }>()
  let complained = 0

  /** `client_secret_basic` is what every server must know (RFC 6749 §2.3.1); the other only where it is all that is offered. */
  async function question(token: string): Promise<{ url: string; headers: Record<string, string>; body: string } | undefined> {
    const found = options.url === undefined ? await metadata() : undefined
    const url = options.url ?? found?.introspectionEndpoint
    if (url === undefined) return undefined
    const methods = found?.introspectionAuthMethods ?? ['client_secret_basic']
    const inBody = !methods.includes('client_secret_basic') && methods.includes('client_secret_post')
    const body = new URLSearchParams({
      token,
      token_type_hint: 'access_token',
      ...(inBody && { client_id: clientId, client_secret: clientSecret }),
    })
    return {
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(!inBody && { authorization: `Basic ${toBasicPair(clientId, clientSecret)}` }),
      },
      body: body.toString(),
    }
  }
  async function find(token: string, key: string, askedAt: number): Promise<Introspected> {
    const asked = await question(token)
    const answer = asked ? await ask(asked.url, asked) : { problem: 'nobody says where to ask' }
    if ('problem' in answer) return complain(answer.problem)
    const { active } = answer.document
    if (active === true) return { state: 'active', claims: answer.document, askedAt }
    if (active !== false) return complain('it does not say whether the token is active')
    if (refused.size >= MAX_INACTIVE) refused.delete(refused.keys().next().value as string)
    refused.set(key, clock() + INACTIVE_MS)
    return inactive
  }
  function complain(problem: string): Introspected {
    if (clock() - complained < COMPLAIN_EVERY_MS) return unavailable
    complained = clock()
    log('error', 'the issuer cannot be asked about tokens', { problem })
    return unavailable
  }
  return function introspect(token) {
    const key = hash('sha256', token, 'base64')
    const until = refused.get(key)
    if (until !== undefined && until > clock()) return Promise.resolve(inactive)
    refused.delete(key)
    const at = clock()
    const before = asking.get(key)
    if (before && at - before.at < ACTIVE_MS) return before.answer
    const answer = find(token, key, at).finally(() => {
      if (asking.get(key)?.answer === answer) asking.delete(key)
    })
    asking.set(key, { at, answer })
    return answer
  }
}
