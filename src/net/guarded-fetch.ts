/**
 * Fetches a small JSON document from a URL that somebody else chose, without being led to where they have no business (SSRF):
 * a client's metadata document, an issuer's keys. https to public addresses only; a name is resolved once, and what was checked is
 * what is dialled (`dialer.ts`); each redirect is a new URL, judged like the first. No cookie and no credential goes along.
 *
 *   URL checked → place found → resolved, checked, dialled → status → media type → size → body   (a redirect: from the start)
 *
 * Fails closed, and with a value: no answer of the other side makes it throw. Time, size, redirects and how many run at once are
 * bounded before anything is read. What the document says is the caller's to judge.
 *
 * @module
 */

import type { Dispatcher } from 'undici'
import { createTally } from '../core/index.ts'
import { isLoopbackHost } from './addresses.ts'
import { createDialer } from './dialer.ts'
import { acceptsBody, isRedirect, readBody } from './guarded-fetch-body.ts'
import type { Lookup } from './reach.ts'
import { undici } from './undici.ts'

export interface GuardedFetchOptions {
  /**
   * Hosts, by name, that may have addresses of this machine or of a private network; those of loopback may speak plain http, too.
   * Only for what the operator wrote, and for tests.
   */
  readonly dangerouslyAllowPrivateHosts?: readonly string[] | undefined
  /** For one request with all its redirects; 5,000 unless told. */
  readonly timeoutMs?: number | undefined
  /** 65,536 unless told. */
  readonly maxBytes?: number | undefined
  /** 3 unless told. A POST follows none. */
  readonly maxRedirects?: number | undefined
  /** How many may run at once; 16 unless told. */
  readonly atOnce?: number | undefined
  /** How many of them at one host; 4 unless told. */
  readonly perHost?: number | undefined
  readonly lookup?: Lookup | undefined
  /** Certificate authorities in PEM that vouch for the other side; Node's own where it is absent. */
  readonly ca?: readonly string[] | undefined
}

export interface GuardedRequest {
  /** Where it is there, the request is a POST, and follows no redirect. */
  readonly body?: string | undefined
  /** What a caller must add for an endpoint that its operator named; nothing is remembered between requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly maxBytes?: number | undefined
  readonly maxRedirects?: number | undefined
}

/** Why there is no answer. `busy`: as many run as may; the others say what the URL or its host is or did. */
export type FetchProblem =
  | 'insecure_url'
  | 'address_blocked'
  | 'redirected'
  | 'timeout'
  | 'too_large'
  | 'not_json'
  | 'unreachable'
  | 'busy'
  | 'closed'

export type Fetched =
  | {
      readonly answered: true
      readonly status: number
      /** Names in lower case; of several of one name the first. */
      readonly headers: Readonly<Record<string, string>>
      /** JSON by its media type, not yet read as such. Empty unless `status` is 200. */
      readonly body: Buffer
    }
  | { readonly answered: false; readonly problem: FetchProblem }

export interface GuardedFetch {
  (url: string, request?: GuardedRequest): Promise<Fetched>
  /** Ends what is under way; nothing is fetched from then on. */
  close(): void
}

const ALL = ''
const refused = (problem: FetchProblem): Fetched => ({ answered: false, problem })

export function createGuardedFetch({
  dangerouslyAllowPrivateHosts = [],
  timeoutMs = 5000,
  maxBytes: mostBytes = 65_536,
  maxRedirects: mostRedirects = 3,
  atOnce = 16,
  perHost = 4,
  lookup,
  ca,
}: GuardedFetchOptions = {}): GuardedFetch {
  const parts = { connectTimeoutMs: timeoutMs, ...(lookup && { lookup }), ...(ca && { ca }) }
  const publicOnly = createDialer({ allowPrivate: false, ...parts })
  const privateToo = createDialer({ allowPrivate: true, ...parts })
  const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase()
  const hosts = new Set(dangerouslyAllowPrivateHosts.map(bare))
  const isNamed = (url: URL): boolean => hosts.has(bare(url.hostname))
  const running = createTally()
  const closing = new AbortController()

  function problemWith(url: URL): FetchProblem | undefined {
    if (url.username !== '' || url.password !== '') return 'insecure_url'
    if (url.protocol === 'https:') return undefined
    return url.protocol === 'http:' && isLoopbackHost(url.hostname) && isNamed(url) ? undefined : 'insecure_url'
  }

  /** One request to one URL: an answer, or where it leads on. */
  async function ask(url: URL, request: GuardedRequest, signal: AbortSignal): Promise<Fetched | { readonly location: string }> {
    const back = running.take(url.host, perHost)
    if (back === undefined) return refused('busy')
    const { connect } = isNamed(url) ? privateToo : publicOnly
    const { Client } = undici()
    const client = new Client(url.origin, {
      connect,
      allowH2: false,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxHeaderSize: 16_384,
    })
    try {
      const answer = await client.request({
        method: request.body === undefined ? 'GET' : 'POST',
        path: url.pathname + url.search,
        // No encoding: what arrives is what is counted.
        headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'Sallyport', ...request.headers },
        body: request.body ?? null,
        signal,
      })
      return await read(answer, request.maxBytes ?? mostBytes)
    } finally {
      back()
      client.destroy().catch(() => {})
    }
  }

  async function follow(first: URL, request: GuardedRequest, signal: AbortSignal): Promise<Fetched> {
    const most = request.body === undefined ? (request.maxRedirects ?? mostRedirects) : 0
    let url = first
    for (let redirects = 0; ; redirects++) {
      const problem = problemWith(url)
      if (problem !== undefined) return refused(problem)
      const answer = await ask(url, request, signal)
      if (!('location' in answer)) return answer
      const next = URL.parse(answer.location, url.href)
      if (next === null || redirects >= most) return refused('redirected')
      // Whatever was added was for the host that was named.
      if (next.host !== url.host) request = { ...request, headers: undefined }
      url = next
    }
  }

  async function guardedFetch(text: string, request: GuardedRequest = {}): Promise<Fetched> {
    const url = URL.parse(text)
    if (url === null) return refused('insecure_url')
    if (closing.signal.aborted) return refused('closed')
    const back = running.take(ALL, atOnce)
    if (back === undefined) return refused('busy')
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      return await follow(url, request, AbortSignal.any([deadline, closing.signal]))
    } catch (error) {
      if (closing.signal.aborted) return refused('closed')
      return refused(deadline.aborted ? 'timeout' : problemOf(error))
    } finally {
      back()
    }
  }
  return Object.assign(guardedFetch, { close: () => closing.abort() })
}

async function read(answer: Dispatcher.ResponseData, maxBytes: number): Promise<Fetched | { readonly location: string }> {
  const { statusCode: status } = answer
  const headers = firstOfEach(answer.headers)
  const { location } = headers
  if (isRedirect(status) && location !== undefined) return { location }
  if (status !== 200) return { answered: true, status, headers, body: Buffer.alloc(0) }
  const problem = acceptsBody(headers, maxBytes)
  if (problem !== undefined) return refused(problem)
  const body = await readBody(answer.body, maxBytes)
  return body === undefined ? refused('too_large') : { answered: true, status, headers, body }
}

function firstOfEach(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** A message of the system may hold more than its reader should see: only codes are looked at. */
function problemOf(error: unknown, levels = 4): FetchProblem {
  const { code, cause, errors } = (error ?? {}) as { code?: unknown; cause?: unknown; errors?: unknown[] }
  if (code === 'ERR_BLOCKED_ADDRESS') return 'address_blocked'
  if (typeof code === 'string' && /TIMEOUT|TIMEDOUT/.test(code)) return 'timeout'
  const inner = cause ?? errors?.[0]
  return inner === undefined || levels === 0 ? 'unreachable' : problemOf(inner, levels - 1)
}
