/**
 * The stdio transport towards a child process (2026-07-28 stdio; 2025-11-25 transports §stdio). The hot path of the
 * gateway: a request costs one `JSON.stringify` and its share of one write, an answer one `JSON.parse`.
 *
 * Fails by settling: when the child goes, whatever was in flight is denied and the owner is told once.
 *
 * @module
 */

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { type Clock, createLineRedactor, deny, type JsonObject, type Log, problemOf, type Redactor } from '../../core/index.ts'
import { type Command, createLastWords, createLineReader, idOfDropped, signalGroup, startChild, stopChild } from '../../process/index.ts'
import { LATEST_LEGACY_VERSION, toLine } from '../../protocol/index.ts'
import { createChannelAttribution } from './attribution.ts'
import { createExchangeTable, type Exchange } from './exchange.ts'
import type { Kept } from './kept.ts'
import { type Dialect, isEmpty, type Link, type LinkEvents, MAX_MESSAGE_BYTES, missed, sentences, type Wanted } from './link.ts'
import { requestMeta } from './meta.ts'
import { createOddities } from './oddities.ts'
import { createQuestions } from './questions.ts'
import { createReceiver } from './receive.ts'
import { openSubscription, type Subscription } from './subscription.ts'

export interface StdioLinkOptions {
  readonly server: string
  readonly command: Command
  /** The sandbox that it is started in; undefined: none. */
  readonly kept?: Kept | undefined
  readonly events: LinkEvents
  readonly log: Log
  readonly redactor: Redactor
  readonly clock: Clock
}

/** What may wait for a child that does not read, before further calls are refused. */
const MAX_QUEUED = MAX_MESSAGE_BYTES
/** The same for answers to what it asks, which it may do as often as it likes. */
const MAX_QUEUED_REPLIES = 1024 * 1024
const MAX_SAMPLE = 160
const MAX_LAST_WORDS = 300
const MAX_STDERR_LINE_BYTES = 8192
/** Of a line that is longer. What is left out at its end may be the beginning of a secret, which nobody would find. */
const CUT_STDERR_LINE = { most: 512, fromEnd: 1024 }
const STDERR_LINES_A_SECOND = 200

export function createStdioLink({ server, command, kept, events, log, redactor, clock }: StdioLinkOptions): Link {
  const child: ChildProcessWithoutNullStreams = startChild(kept?.command ?? command)
  kept?.started(child)
  let dialect: Dialect = { era: 'legacy', version: LATEST_LEGACY_VERSION, meta: undefined }
  let ended = false
  let closing = false
  let subscription: Subscription | undefined

  const table = createExchangeTable(clock, (id, exchange) => tellCancelled(id, exchange, 'the deadline passed'))
  const odd = createOddities(server, log)
  function reply(message: JsonObject): void {
    if (ended) return
    if (queued() > MAX_QUEUED_REPLIES) odd('an answer to its requests, as it reads none')
    else write(message)
  }
  const attribution = createChannelAttribution(table, clock)
  const questions = createQuestions({ table, attribution, clock, answer: reply, cancel, odd })
  const receive = createReceiver({ server, table, attribution, questions, reply, events, odd, dialect: () => dialect })

  // Requests of one turn of the event loop go out in one write: fewer system calls, and fewer wake-ups of the child.
  let outbox = ''
  let flushing = false
  let blocked = false
  const queued = (): number => outbox.length + child.stdin.writableLength
  function writeLine(line: string): void {
    outbox += line
    if (flushing || blocked) return
    flushing = true
    setImmediate(flush)
  }
  function flush(): void {
    flushing = false
    if (ended || outbox === '') return
    const text = outbox
    outbox = ''
    blocked = !child.stdin.write(text)
  }
  child.stdin.on('drain', () => {
    blocked = false
    flush()
  })
  function write(message: JsonObject): void {
    writeLine(toLine(JSON.stringify(message)))
  }
  function cancel(id: number): void {
    const exchange = table.take(id)
    if (!exchange) return
    exchange.settle(deny({ reason: 'cancelled' }))
    if (!ended) tellCancelled(id, exchange, 'the caller went away')
  }
  function tellCancelled(id: number, exchange: Exchange, reason: string): void {
    attribution.givenUp(exchange.caller)
    // 2025-11-25 cancellation: `initialize` must not be cancelled.
    if (exchange.method !== 'initialize') write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } })
  }

  /** A line may be megabytes: of a long one a head is read, of which the end, where something may be cut in two, is not shown. */
  const sampleOf = (text: string): string => {
    const shown = redactor.text(text.slice(0, MAX_STDERR_LINE_BYTES))
    const isCut = text.length > MAX_STDERR_LINE_BYTES
    return shown.slice(0, Math.max(0, Math.min(MAX_SAMPLE, isCut ? shown.length - CUT_STDERR_LINE.fromEnd : shown.length)))
  }
  const out = createLineReader({
    maxBytes: MAX_MESSAGE_BYTES,
    line(text, bytes) {
      let message: unknown
      try {
        message = JSON.parse(text)
      } catch {
        return odd('a line on its stdout that is not JSON', () => sampleOf(text))
      }
      try {
        receive(message, bytes)
      } catch (error) {
        // A bug of ours; one message must not end all the others.
        log('error', `${server}: a message could not be handled`, { error: problemOf(error) })
      }
    },
    dropped(head, tail) {
      const id = idOfDropped(head, tail)
      const exchange = id === undefined ? undefined : table.take(id)
      log('warn', `${server}: dropped a message of more than ${MAX_MESSAGE_BYTES} bytes`, { answers: exchange?.method ?? 'unknown' })
      exchange?.settle(sentences.tooLarge())
    },
  })
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))

  const redactLine = createLineRedactor(redactor)
  const lastWords = createLastWords()
  let spoken = 0
  let spokenSince = 0
  const err = createLineReader({
    maxBytes: MAX_STDERR_LINE_BYTES,
    headBytes: MAX_STDERR_LINE_BYTES,
    line: (text) => stderr(text),
    dropped(head) {
      const { most, fromEnd } = CUT_STDERR_LINE
      const shown = redactor.text(head)
      stderr(`${shown.slice(0, Math.max(0, Math.min(most, shown.length - fromEnd)))}… (cut)`)
    },
  })
  function stderr(text: string): void {
    lastWords.hear(text)
    const now = clock()
    if (now - spokenSince >= 1000) {
      spokenSince = now
      spoken = 0
    }
    const shown = redactLine(text)
    if (++spoken <= STDERR_LINES_A_SECOND) log('debug', `${server}: ${shown}`)
    else if (spoken === STDERR_LINES_A_SECOND + 1)
      log('debug', `${server}: says more than ${STDERR_LINES_A_SECOND} lines a second; the rest of this second is dropped`)
  }
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))

  function end(problem: string): void {
    if (ended) return
    ended = true
    subscription?.close()
    out.end()
    err.end()
    // Redacted before they are cut: half a secret is not found.
    const words = closing ? '' : redactor.text(lastWords.text()).slice(0, MAX_LAST_WORDS)
    const why = closing ? undefined : kept?.ended
    const did = why === undefined ? undefined : kept?.wordsFor(why)
    const advice = why === undefined && words !== '' ? kept?.advice(words) : undefined
    events.lost(
      [did === undefined ? problem : `it ${did} and was ended`, words && `its last words: ${words}`, advice].filter(Boolean).join('; '),
    )
    table.drain(why === undefined || did === undefined ? sentences.stopped(server) : sentences.keptIn(server, why, did))
    table.close()
    kept?.close()
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    // The command line may hold secrets: only the code is said.
    end(
      error.code === 'ENOENT'
        ? 'the command or its working directory was not found'
        : `it could not be started (${error.code ?? 'unknown'})`,
    )
  })
  child.on('exit', (code, signal) => {
    const problem = signal ? `it was ended by ${signal}` : `it exited with code ${code}`
    signalGroup(child, closing ? 'SIGKILL' : 'SIGTERM')
    // Its last answers may still be in the pipe; a grandchild that holds the pipe open must not keep us waiting.
    const timer = setTimeout(() => end(problem), 200)
    child.once('close', () => {
      clearTimeout(timer)
      end(problem)
    })
  })
  child.stdout.on('end', () => {
    // It closed its side: the protocol's way for a server to leave (2026-07-28 stdio §Shutdown).
    if (!closing) void stopChild(child, kept?.terminate)
  })
  // EPIPE and the like: the exit that follows is what counts.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {})

  return {
    send(exchange) {
      if (ended) {
        exchange.settle(sentences.down(server))
        return 0
      }
      if (queued() > MAX_QUEUED) {
        exchange.settle(sentences.busy(server))
        return 0
      }
      const id = table.add(exchange)
      const meta = requestMeta(exchange, id, dialect)
      const params = JSON.stringify(meta ? { ...exchange.params, _meta: meta } : exchange.params)
      writeLine(toLine(`{"jsonrpc":"2.0","id":${id},"method":"${exchange.method}","params":${params}}`))
      return id
    },
    cancel,
    notify(method, params) {
      if (!ended) write(params ? { jsonrpc: '2.0', method, params } : { jsonrpc: '2.0', method })
    },
    speak(next) {
      dialect = next
    },
    listen(wanted: Wanted) {
      if (dialect.era !== 'modern' || ended) return
      const before = subscription
      subscription = isEmpty(wanted)
        ? undefined
        : openSubscription({ wanted, clock, send: (exchange) => this.send(exchange), reopened: () => missed(wanted, events) })
      before?.close()
      // The new one stands before the old one goes, so that nothing is missed in between.
      if (before) cancel(before.id)
    },
    async close() {
      closing = true
      flush()
      await stopChild(child, kept?.terminate)
      end('it was stopped')
    },
  }
}
