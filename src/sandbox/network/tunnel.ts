/**
 * CONNECT: bytes to and from one host (RFC 9110 §9.3.6). TLS is not opened. Where the host was granted by name, what the program begins
 * to say has to name it too: a connection to one host of a front is none to the others behind it.
 *
 *   asked for → granted? → dialled → 200 → its first words: TLS for this name; HTTP, which is read on (`forward.ts`); else, not on 443 and 80
 *
 * Fails closed: what cannot be told in time is ended.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Destination, parseDestination } from '../grants/destination.ts'
import type { Allowance } from './allowance.ts'
import { answerTo, toText } from './answer.ts'
import { type Attempt, type Attempts, Refused } from './attempts.ts'
import type { ConnectProblem } from './connection.ts'
import { type FirstWords, readFirstWords } from './first-words.ts'
import { relay } from './relay.ts'

export interface TunnelOptions {
  readonly name: string
  readonly attempts: Attempts
  readonly find: (wanted: Destination) => Allowance | undefined
  readonly idleMs: number
  readonly wordsTimeoutMs: number
  /** Takes a connection on which HTTP is spoken, to this host alone. What was read of it has been put back. */
  readonly readOn: (inner: Socket, within: Within) => void
  /** Whether it is one already. */
  readonly isWithin: (inner: Socket) => boolean
}

/** A connection to one host, on which each request is read. */
export interface Within {
  readonly host: Destination
  /** What is connected to it already: the first request's. */
  spare?: { readonly outer: Socket; readonly attempt: Attempt } | undefined
}

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n'
/** What is spoken there, and nothing else: else a front would be reached by way of another protocol. */
const SPOKEN: Readonly<Record<number, FirstWords['kind']>> = { 443: 'tls', 80: 'http' }

export type OpenTunnel = (request: IncomingMessage, inner: Socket, head: Buffer) => Promise<void>

export function createTunnels({ name, attempts, find, idleMs, wordsTimeoutMs, readOn, isWithin }: TunnelOptions): OpenTunnel {
  async function open(request: IncomingMessage, inner: Socket, head: Buffer): Promise<void> {
    inner.on('error', () => {})
    const parsed = isWithin(inner) ? { problem: 'is within a connection' } : parseDestination(request.url ?? '')
    const wanted = 'problem' in parsed || parsed.host.startsWith('*.') ? undefined : parsed
    const attempt = attempts.begin(wanted)
    try {
      if (wanted === undefined) throw new Refused('malformed_request')
      const allowance = find(wanted)
      if (allowance === undefined) throw new Refused('destination_not_granted')
      if (head.length > 0) inner.unshift(head)
      // Each request makes its own connection, and is told of by itself.
      if (allowance.isNamed && SPOKEN[wanted.port] === 'http') {
        inner.write(ESTABLISHED)
        return readOn(inner, { host: wanted })
      }
      const outer = await attempt.dial(wanted, allowance.allowPrivate)
      if (inner.destroyed) return void outer.destroy()
      inner.write(ESTABLISHED)
      await pass(inner, outer, wanted, allowance, attempt)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      attempt.end(error.problem)
      if (!inner.destroyed) inner.end(toText(answerTo(error.problem, name, wanted)))
    }
  }

  async function pass(inner: Socket, outer: Socket, host: Destination, { isNamed }: Allowance, attempt: Attempt): Promise<void> {
    if (isNamed) {
      const spoken = SPOKEN[host.port]
      // Elsewhere it may be the host that speaks first.
      if (spoken === undefined) outer.pipe(inner, { end: false })
      const words = await listen(inner, outer, wordsTimeoutMs, spoken !== undefined)
      outer.unpipe(inner)
      const problem = judge(words, host.host, spoken)
      if (problem !== undefined) {
        attempt.end(problem)
        inner.destroy()
        return void outer.destroy()
      }
      if (words.kind === 'http') {
        inner.once('close', () => outer.destroy())
        return readOn(inner, { host, spare: { outer, attempt } })
      }
    }
    relay(inner, outer, idleMs)
  }
  return open
}

type Words = FirstWords | { readonly kind: 'silence' | 'late' }

function judge(words: Words, host: string, spoken: FirstWords['kind'] | undefined): ConnectProblem | undefined {
  if (words.kind === 'silence') return undefined
  if (words.kind === 'late') return 'timeout'
  if (words.kind === 'malformed' || (spoken !== undefined && words.kind !== spoken)) return 'name_mismatch'
  return words.kind === 'tls' && words.name !== host ? 'name_mismatch' : undefined
}

/** What was said is put back. */
function listen(inner: Socket, outer: Socket, timeoutMs: number, fromNow: boolean): Promise<Words> {
  return new Promise((resolve) => {
    let said = Buffer.alloc(0)
    let timer = fromNow ? setTimeout(late, timeoutMs) : undefined
    function over(words: Words): void {
      clearTimeout(timer)
      inner.off('data', onData).off('end', onEnd).off('close', onEnd).pause()
      outer.off('close', onEnd)
      if (said.length > 0 && !inner.readableEnded && !inner.destroyed) inner.unshift(said)
      resolve(words)
    }
    function onData(bytes: Buffer): void {
      timer ??= setTimeout(late, timeoutMs)
      said = Buffer.concat([said, bytes])
      const words = readFirstWords(said)
      if (words.kind !== 'more') over(words)
    }
    function late(): void {
      over({ kind: 'late' })
    }
    function onEnd(): void {
      over({ kind: said.length === 0 ? 'silence' : 'malformed' })
    }
    inner.on('data', onData).once('end', onEnd).once('close', onEnd)
    outer.once('close', onEnd)
  })
}
