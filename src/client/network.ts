/**
 * Where the client may go: the one way out of this folder. The server is where its user said it is; everything else (metadata,
 * the authorization server) is named by the server, so it is https, and never an address of this machine or network unless
 * the server itself is there by its user's own word (2026-07-28 security best practices §SSRF). No redirect is followed.
 *
 * Fails closed: a host is dialled only when every address it has is of an allowed kind.
 *
 * @module
 */

import type { Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import type { Dispatcher } from 'undici'
import { classifyAddress, createDialer, type Dialer, isLoopbackHost, type Lookup, undici } from '../net/index.ts'
import { TransportError } from './errors.ts'

export interface NetworkOptions {
  /** As its user wrote it: an address of this machine or network in it is meant. */
  readonly serverUrl: URL
  /** Further hosts that may have such addresses, by name. */
  readonly privateHosts: readonly string[]
  /** Certificate authorities in PEM, besides Node's own. */
  readonly ca: readonly string[]
  readonly lookup?: Lookup | undefined
}

export interface Outbound {
  readonly method?: Dispatcher.HttpMethod
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What came back; its body is read, or let go of, by whoever asked. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readable
}

export interface Network {
  /** Why a URL must not be asked, nor a person be sent to it, to go after its name in a sentence; undefined where it may be. */
  problemWith(url: URL): string | undefined
  /** One request to one address. @throws {TransportError}, or the reason of a signal. */
  ask(url: URL, request?: Outbound): Promise<Answer>
  /** A connection for somebody who speaks over it themselves. */
  readonly connect: Dialer['connect']
  close(): Promise<void>
}

export function createNetwork({ serverUrl, privateHosts, ca, lookup }: NetworkOptions): Network {
  const { Agent } = undici()
  const kind = classifyAddress(serverUrl.hostname)
  const near = isLoopbackHost(serverUrl.hostname) ? 'loopback' : kind === 'private' ? kind : false
  const more = {
    ...(lookup && { lookup }),
    // Named authorities replace Node's own, among them those of NODE_EXTRA_CA_CERTS: they are added to them here.
    ...(ca.length > 0 && { ca: [...getCACertificates('default'), ...ca] }),
  }
  const usual = createDialer({ allowPrivate: near, ...more })
  const named = createDialer({ allowPrivate: true, ...more })
  const bare = (host: string): string => host.replace(/^\[|\]$/g, '')
  const hosts = new Set(privateHosts.map(bare))
  const connect: Dialer['connect'] = (options, callback) => (hosts.has(bare(options.hostname)) ? named : usual).connect(options, callback)
  // Deadlines are the callers': an answer may take as long as its call allows.
  const agent = new Agent({ connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false })

  function problemWith(url: URL): string | undefined {
    if (url.username !== '' || url.password !== '') return 'has a user name in it'
    if (url.protocol === 'https:') return undefined
    if (url.protocol === 'http:' && near === 'loopback' && isLoopbackHost(url.hostname)) return undefined
    return 'is not https'
  }

  return {
    problemWith,
    connect,
    async ask(url, { method = 'GET', headers = {}, body, signal } = {}) {
      const problem = problemWith(url)
      if (problem !== undefined) throw new TransportError('unreachable', `${url.host} was not asked, as its URL ${problem}.`)
      try {
        // Not `fetch`: what it does besides is half of what a call costs, and none of it is wanted here (no redirect, encoding or cookie).
        const answer = await agent.request({
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers: { 'user-agent': 'sallyport', ...headers },
          body: body ?? null,
          signal: signal ?? null,
        })
        // Whoever reads it is told of it by other means; nobody may read it.
        answer.body.on('error', () => {})
        return { status: answer.statusCode, headers: toHeaders(answer.headers), body: answer.body }
      } catch (error) {
        signal?.throwIfAborted()
        throw toTransportError(error, url.host)
      }
    },
    close: () => agent.destroy(),
  }
}

function toHeaders(fields: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(fields)) for (const one of [value ?? []].flat()) headers.append(name, one)
  return headers
}

/** What became of a connection to `host`, in words; a message of the system may hold more than its reader should see. */
export function toTransportError(error: unknown, host: string): TransportError {
  if (error instanceof TransportError) return error
  const { code, syscall } = faultOf(error)
  if (code === 'ERR_BLOCKED_ADDRESS')
    return new TransportError('address_blocked', `${host} has an address of this machine or of a private network, which is not dialled.`)
  // A reset of a connection that stood has the call of the system that met it; one that ended before it stood has none.
  if (code === 'UND_ERR_SOCKET' || (isGone(code) && (syscall === 'read' || syscall === 'write')))
    return new TransportError('unreachable', `${host} closed the connection before it answered (${code}).`, undefined, MAY_HAVE_RUN)
  const what = `${host} could not be reached${code === undefined ? '' : ` (${code})`}.`
  if (isUntrusted(code)) return new TransportError('unreachable', `${what} Its certificate is not trusted.`, undefined, TRUST)
  if (isPlain(code)) return new TransportError('unreachable', `${what} ${PLAIN_SIDE}`)
  return new TransportError('unreachable', what)
}

const TRUST = 'Give `ca`, or start with NODE_EXTRA_CA_CERTS.'
const MAY_HAVE_RUN = 'What was sent may have run. Check that the server is running, and send the request again if it is safe to run twice.'
const PLAIN_SIDE = 'One of the two sides may speak plain, and the other TLS.'
const isUntrusted = (code = ''): boolean =>
  /^(?:DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|^CERT_(?:UNTRUSTED|SIGNATURE)/.test(code)
const isGone = (code = ''): boolean => code === 'ECONNRESET' || code === 'EPIPE'
const isPlain = (code = ''): boolean =>
  code === 'ECONNRESET' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG'

interface Fault {
  readonly code?: string
  /** What the system was doing. */
  readonly syscall?: unknown
}

/** `fetch failed` has the reason as its cause; several addresses that failed each have their own. */
function faultOf(error: unknown, levels = 4): Fault {
  const { code, syscall, cause, errors } = (error ?? {}) as { code?: unknown; syscall?: unknown; cause?: unknown; errors?: unknown[] }
  if (typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code)) return { code, syscall }
  return levels === 0 ? {} : faultOf(cause ?? errors?.[0], levels - 1)
}
