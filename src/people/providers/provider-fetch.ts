/**
 * Everything that is asked of an identity provider goes out here, through the guarded fetch (`net/issuer-fetch.ts`): its metadata, its
 * keys, its token endpoint and UserInfo, as openid-client wants to ask.
 *
 * Fails closed: throws {@link NotAsked}, whose reason is fit for a log.
 *
 * @module
 */

import { createIssuerFetch, type FetchProblem, type Lookup } from '../../net/index.ts'

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

export interface ProviderFetchParts {
  readonly issuer: string
  readonly lookup?: Lookup | undefined
  readonly ca?: readonly string[] | undefined
}

export function createProviderFetch({ issuer, lookup, ca }: ProviderFetchParts): ProviderFetch {
  const guardedFetch = createIssuerFetch({ written: [issuer], lookup, ca })
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
