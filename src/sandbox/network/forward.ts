/**
 * Plain HTTP: each request is read, and goes out on a connection of its own to the one host that it names (RFC 9112 §3.2.2). Either as to
 * a proxy, `GET http://host/path`, or within a connection to one host (`tunnel.ts`), `GET /path`. In both, Host has to say the same.
 *
 *   request → whose? → granted? → dialled → request made anew: no field of this hop, one Host, its body framed by us → answer
 *
 * Fails closed: what can be read in two ways is refused, so that no request hides in another's body.
 *
 * @module
 */

import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { http } from '../../net/index.ts'
import { type Destination, parseDestination, showDestination } from '../grants/destination.ts'
import type { Allowance } from './allowance.ts'
import { type Answer, answerTo, toText } from './answer.ts'
import { type Attempts, Refused } from './attempts.ts'
import { endToEnd } from './fields.ts'
import { relay } from './relay.ts'
import type { Within } from './tunnel.ts'

export interface ForwardOptions {
  readonly name: string
  readonly attempts: Attempts
  readonly find: (wanted: Destination) => Allowance | undefined
  readonly idleMs: number
  readonly maxHeaderBytes: number
  /** Where the connection is to one host. */
  readonly within: (inner: Socket) => Within | undefined
}

export interface Forward {
  request(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** `Upgrade: websocket`. */
  upgrade(request: IncomingMessage, inner: Socket, head: Buffer): Promise<void>
}

interface Asked {
  readonly wanted: Destination
  readonly path: string
}

const HTTP_PORT = 80

export function createForward({ name, attempts, find, idleMs, maxHeaderBytes, within }: ForwardOptions): Forward {
  /** Dials, and hands over what the request becomes; refusals are answered. */
  async function take(
    request: IncomingMessage,
    refuse: (answer: Answer) => void,
    go: (outer: Socket, asked: Asked) => void,
  ): Promise<void> {
    const one = within(request.socket)
    const asked = readTarget(request, one?.host)
    const spare = takeSpare(one)
    const attempt = spare?.attempt ?? attempts.begin(asked?.wanted)
    let outer = spare?.outer
    try {
      if (asked === undefined) throw new Refused('malformed_request')
      if (!hasHost(request, asked.wanted)) throw new Refused('name_mismatch')
      const allowance = find(asked.wanted)
      if (allowance === undefined) throw new Refused('destination_not_granted')
      const dialled = (outer ??= await attempt.dial(asked.wanted, allowance.allowPrivate))
      if (request.socket.destroyed) return void dialled.destroy()
      dialled.setTimeout(idleMs, () => dialled.destroy())
      // It stood still while nobody knew what it was for.
      dialled.resume()
      go(dialled, asked)
    } catch (error) {
      const problem = error instanceof Refused ? error.problem : 'malformed_request'
      attempt.end(problem)
      outer?.destroy()
      refuse(answerTo(problem, name, asked?.wanted))
    }
  }

  const make = (request: IncomingMessage, outer: Socket, { wanted, path }: Asked, own: readonly string[]): ClientRequest =>
    http.request({
      createConnection: () => outer,
      method: request.method,
      path,
      headers: ['Host', hostField(wanted), ...endToEnd(request.rawHeaders), ...own],
      setHost: false,
      maxHeaderSize: maxHeaderBytes,
    })

  return {
    async request(request, response) {
      function refuse({ status, headers, body }: Answer): void {
        if (response.headersSent) return void response.destroy()
        response.writeHead(status, headers).end(body)
      }
      await take(request, refuse, (outer, asked) => {
        const isChunked = request.headers['transfer-encoding'] !== undefined
        const out = make(request, outer, asked, ['Connection', 'close', ...(isChunked ? ['Transfer-Encoding', 'chunked'] : [])])
        response.once('close', () => outer.destroy())
        const unreadable = (): void => {
          outer.destroy()
          refuse(answerTo('unreachable', name, asked.wanted))
        }
        // A change of protocol that nobody asked for ends without an error.
        out.once('close', () => response.headersSent || unreadable())
        out.once('response', (answer) => {
          response.sendDate = false
          try {
            // Without its words for the status, which may hold anything and mean nothing.
            response.writeHead(answer.statusCode ?? 0, endToEnd(answer.rawHeaders))
          } catch {
            // What Node reads of others, but does not write itself.
            return unreadable()
          }
          pipeline(answer, response, () => outer.destroy())
        })
        out.on('error', unreadable)
        if (isChunked || request.headers['content-length'] !== undefined) pipeline(request, out, () => {})
        else out.end()
      })
    },
    async upgrade(request, inner, head) {
      inner.on('error', () => {})
      const refuse = (answer: Answer): void => void inner.end(toText(answer))
      await take(request, refuse, (outer, asked) => {
        if (head.length > 0) inner.unshift(head)
        const out = make(request, outer, asked, ['Connection', 'Upgrade', 'Upgrade', 'websocket'])
        inner.once('close', () => outer.destroy())
        out.once('upgrade', (answer, _, rest) => {
          isChanged = true
          const fields = [...endToEnd(answer.rawHeaders), 'Connection', 'Upgrade', 'Upgrade', 'websocket']
          inner.write(`HTTP/1.1 101 Switching Protocols\r\n${toLines(fields)}\r\n`)
          if (rest.length > 0 && !outer.readableEnded) outer.unshift(rest)
          relay(inner, outer, idleMs)
        })
        // It is no web socket, and says why to nobody.
        let isChanged = false
        const unreadable = (): void => {
          if (isChanged) return
          outer.destroy()
          if (!inner.writableEnded) refuse(answerTo('unreachable', name, asked.wanted))
        }
        out.once('response', unreadable)
        out.on('error', unreadable)
        out.once('close', unreadable)
        out.end()
      })
    },
  }
}

/** Once, and while its host has not closed it. */
function takeSpare(within: Within | undefined): Within['spare'] {
  const spare = within?.spare
  if (within) within.spare = undefined
  return spare?.outer.readable && spare.outer.writable ? spare : undefined
}

/** Undefined: it cannot be read, or not in one way alone. */
function readTarget({ url = '', headers }: IncomingMessage, host: Destination | undefined): Asked | undefined {
  const { 'transfer-encoding': coding, 'content-length': length, upgrade } = headers
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return undefined
  // One would read what follows as its body, and another as what comes after the change.
  if (isWebSocket(upgrade) && (coding ?? length) !== undefined) return undefined
  const [, authority, path] = /^http:\/\/([^/?#\\@\s]+)([/?][^#\\\s]*)?$/i.exec(url) ?? []
  if (authority === undefined) {
    const isOrigin = host !== undefined && /^(?:\/[^#\\\s]*|\*)$/.test(url)
    return isOrigin ? { wanted: host, path: url } : undefined
  }
  const wanted = toDestination(authority)
  if (wanted === undefined || (host !== undefined && !isSame(host, wanted))) return undefined
  return { wanted, path: path === undefined ? '/' : path.startsWith('?') ? `/${path}` : path }
}

/** One at most: of two, the host and whoever stands before it may each take another. */
function hasHost({ rawHeaders }: IncomingMessage, wanted: Destination): boolean {
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host')
  if (hosts.length > 1) return false
  const named = hosts[0] === undefined ? wanted : toDestination(hosts[0])
  return named !== undefined && isSame(named, wanted)
}

function toDestination(authority: string): Destination | undefined {
  const parsed = parseDestination(/:\d+$/.test(authority) ? authority : `${authority}:${HTTP_PORT}`)
  return 'problem' in parsed || parsed.host.startsWith('*.') ? undefined : parsed
}

/** The only change of protocol that is passed on: of others, the request is answered as it is (RFC 9110 §7.8). */
export const isWebSocket = (upgrade: string | undefined): boolean => upgrade?.toLowerCase() === 'websocket'

const isSame = (one: Destination, other: Destination): boolean => one.host === other.host && one.port === other.port

const hostField = (wanted: Destination): string => showDestination(wanted).replace(/:80$/, '')

const toLines = (fields: readonly string[]): string =>
  fields.reduce((text, field, at) => text + (at % 2 === 0 ? `${field}: ` : `${field}\r\n`), '')
