/**
 * Where the issuer's keys and its introspection are, by its own metadata (RFC 8414 §3, OpenID Connect Discovery §4), each place in
 * the order that clients try them. A document counts only where its `issuer` is exactly the one that the operator wrote.
 *
 * Asked for at first need and once an hour; an outage leaves the addresses as they were, since how long keys count is bounded where
 * they are kept (`jwks.ts`). Fails closed: no metadata, no address.
 *
 * @module
 */

import type { Clock, JsonObject, Log } from '../../core/index.ts'
import { isIssuerUrl } from '../../net/index.ts'
import type { Ask } from './ask.ts'
import type { ExternalSettings } from './options.ts'

export interface IssuerMetadata {
  readonly jwksUri: string | undefined
  readonly introspectionEndpoint: string | undefined
  /** How clients prove who they are there (RFC 8414 §2); undefined where it does not say. */
  readonly introspectionAuthMethods: readonly string[] | undefined
}

/** Undefined: there is none that could be used, now. */
export type FindMetadata = () => Promise<IssuerMetadata | undefined>

const FRESH_MS = 3_600_000
const RETRY_MS = 10_000

export interface IssuerMetadataParts {
  readonly settings: Pick<ExternalSettings, 'issuer'>
  readonly ask: Ask
  readonly clock: Clock
  readonly log: Log
}

export function createIssuerMetadata({ settings: { issuer }, ask, clock, log }: IssuerMetadataParts): FindMetadata {
  let known: IssuerMetadata | undefined
  let nextAt = 0
  let asking: Promise<void> | undefined

  async function load(): Promise<void> {
    // A client's code: only with it are the places known, and most processes never need it.
    const { serverMetadataUrls } = await import('../../client/index.ts')
    const problems: string[] = []
    for (const url of serverMetadataUrls(new URL(issuer))) {
      const asked = await ask(url.href)
      const problem = 'problem' in asked ? asked.problem : problemWith(asked.document, issuer)
      if (problem === undefined && 'document' in asked) {
        known = read(asked.document)
        nextAt = clock() + FRESH_MS
        return
      }
      problems.push(`${url.pathname}: ${problem}`)
    }
    nextAt = clock() + RETRY_MS
    if (problems.some((problem) => problem.endsWith(': closed'))) return
    log(known ? 'warn' : 'error', 'the metadata of the issuer cannot be used', { issuer, problems: problems.join('; ') })
  }
  return async function find() {
    if (clock() >= nextAt) {
      asking ??= load().finally(() => {
        asking = undefined
      })
      await asking
    }
    return known
  }
}

/** Compared as text: who normalizes here can be led to take one issuer for another (RFC 8414 §3.3). */
function problemWith(document: JsonObject, issuer: string): string | undefined {
  const { issuer: named } = document
  if (named === issuer) return undefined
  const shown = typeof named === 'string' && /^[\x21-\x7e]{1,256}$/.test(named) ? named : 'none'
  return `names another issuer (${shown}): auth.issuer must be written exactly so`
}

function read(document: JsonObject): IssuerMetadata {
  const address = (member: string): string | undefined => {
    const value = document[member]
    return typeof value === 'string' && value.length <= 2048 && isIssuerUrl(value, { query: true }) ? value : undefined
  }
  const methods = document['introspection_endpoint_auth_methods_supported']
  return {
    jwksUri: address('jwks_uri'),
    introspectionEndpoint: address('introspection_endpoint'),
    introspectionAuthMethods: Array.isArray(methods) ? methods.filter((each) => typeof each === 'string') : undefined,
  }
}
