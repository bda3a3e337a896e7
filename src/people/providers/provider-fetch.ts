/**
 * Everything that is asked of an identity provider goes out here, through the guarded fetch: its metadata, its keys, its token endpoint
 * and UserInfo. The host that the operator wrote may be private or on loopback; one that only the metadata names must be public. No
 * redirect is followed, no answer is larger or slower than the bounds.
 *
 * Fails closed: throws {@link NotAsked}, whose reason is fit for a log.
 *
 * @module
 */

import { createGuardedFetch, type FetchProblem, type Lookup } from '../../net/index.ts'

export class NotAsked extends Error {
  override readonly name = 'NotAsked'
  readonly problem: FetchProblem
  constructor(problem: FetchProblem) {
    super(`the provider did not answer: ${problem}`)
    this.problem = problem
  }
}

export interface Asked {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | Headers | undefined
  readonly body?: unknown
}

export interface ProviderFetch {
  (url: string, asked: Asked): Promise<Response>
  close(): void
}

const TIMEOUT_MS = 5_000
const MAX_BYTES = 256 * 1024
/** Signing in is slow on the other side, too: as many people at once as come on a Monday morning, but not any number. */
const AT_ONCE = 64

export interface ProviderFetchParts {
  readonly issuer: string
  readonly lookup?: Lookup | undefined
  readonly ca?: readonly string[] | undefined
}

export function createProviderFetch({ issuer, lookup, ca }: ProviderFetchParts): ProviderFetch {
  const guardedFetch = createGuardedFetch({
    dangerouslyAllowPrivateHosts: [new URL(issuer).hostname],
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    maxRedirects: 0,
    atOnce: AT_ONCE,
    perHost: AT_ONCE,
    lookup,
    ca,
  })
  async function ask(url: string, { method, headers, body }: Asked): Promise<Response> {
    const text = body instanceof URLSearchParams ? body.toString() : body
    const isPost = method === 'POST'
    if (isPost ? typeof text !== 'string' : text !== undefined && text !== null) throw new TypeError('a body of a kind that is never sent')
    const fetched = await guardedFetch(url, { headers: Object.fromEntries(new Headers(headers)), ...(isPost && { body: text as string }) })
    if (!fetched.answered) throw new NotAsked(fetched.problem)
    const { 'content-encoding': _, 'content-length': __, ...answered } = fetched.headers
    if (fetched.status < 200 || fetched.status > 599) throw new NotAsked('unreachable')
    return new Response(fetched.body.length === 0 ? null : new Uint8Array(fetched.body), { status: fetched.status, headers: answered })
  }
  return Object.assign(ask, { close: () => guardedFetch.close() })
}
