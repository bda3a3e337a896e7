/**
 * MCP over the pipes of a process that the program starts: the SDK's `Transport` over `src/process`, without a shell and with an
 * environment of only what was named. One JSON-RPC message a line (2026-07-28 stdio); what the server writes to stderr goes to the
 * log, at debug.
 *
 * Fails by closing: when the process goes, so does every request; a line that breaks a bound is never parsed.
 *
 * @module
 */

import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import type { Log, Redactor } from '../../core/index.ts'
import { type Command, createLineReader, idOfDropped, signalGroup, startChild, stopChild } from '../../process/index.ts'
import { INTERNAL_ERROR, toLine } from '../../protocol/index.ts'
import { TransportError } from '../errors.ts'
import { createChildWords } from './child-words.ts'
import { parseMessage, tooLarge } from './http-messages.ts'
import type { Inbound } from './inbound.ts'
import { LocalFailure } from './local-failure.ts'

export interface StdioTransportOptions {
  readonly command: Command
  /** What the server is called in sentences. */
  readonly host: string
  readonly inbound: Inbound
  readonly log: Log
  readonly redactor: Redactor
  readonly maxMessageBytes: number
}

/** The SDK tells a transport over pipes by `pid` and `stderr`: silence then means a server of an earlier revision. */
export type StdioTransport = Transport & {
  readonly pid: number | null
  readonly stderr: null
  /** What ended the process, where it was not our wish. */
  failure(): TransportError | undefined
  /** Whether the process ran at all. */
  readonly ran: boolean
}

/** Its last answers may still be in the pipe; a grandchild that holds the pipe open must not keep us waiting. */
const LAST_ANSWERS_MS = 200
/** What cannot be written any more goes to a process that is about to end, as a rule: how it ended says more. */
const EXIT_FOLLOWS_MS = 2_000
const COMMAND_STEP = 'Check command, args and cwd: the command is started without a shell.'

export function createStdioTransport({ command, host, inbound, log, redactor, maxMessageBytes }: StdioTransportOptions): StdioTransport {
  let child: ChildProcessWithoutNullStreams | undefined
  let failure: TransportError | undefined
  let ran = false
  let closing = false
  let ended = false
  let delivered: Promise<unknown> = Promise.resolve()
  const over = Promise.withResolvers<void>()
  const words = createChildWords({ host, log, redactor })

  /** In the place of an answer that could not be read. */
  function failRequest(head: string, tail: string, error: TransportError): void {
    const id = idOfDropped(head, tail)
    if (id === undefined) return log('warn', `${host}: a message was dropped. ${error.message}`)
    deliver({ jsonrpc: '2.0', id, error: { code: INTERNAL_ERROR, message: error.message, data: new LocalFailure(error) } })
  }
  function deliver(message: JSONRPCMessage): void {
    // The SDK handles a notification a moment later, and an answer at once: several lines that arrive together must not overtake.
    delivered = delivered.then(() => transport.onmessage?.(message)).then(() => {})
  }
  function receive(text: string): void {
    // Many servers print something else too; it is no message, and says nothing about one.
    if (!text.trimStart().startsWith('{')) return words.noise(text)
    try {
      const message = parseMessage(Buffer.from(text))
      if (inbound.admits(message)) deliver(message as JSONRPCMessage)
    } catch (error) {
      failRequest(text.slice(0, 512), text.slice(-512), error as TransportError)
    }
  }

  function end(problem: string): void {
    if (ended) return
    ended = true
    words.end()
    if (!closing) failure = new TransportError('closed', `${host} ${problem}.${words.last()}`)
    over.resolve()
    void delivered.then(() => transport.onclose?.())
  }

  function attach(started: ChildProcessWithoutNullStreams): void {
    const out = createLineReader({
      maxBytes: maxMessageBytes,
      line: receive,
      dropped: (head, tail) => failRequest(head, tail, tooLarge(maxMessageBytes)),
    })
    started.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    started.stderr.on('data', (chunk: Buffer) => words.push(chunk))
    started.on('exit', (code, signal) => {
      const problem = signal ? `was ended by ${signal}` : `exited with code ${code}`
      // What it started must not outlive it.
      signalGroup(started, closing ? 'SIGKILL' : 'SIGTERM')
      const timer = setTimeout(() => end(problem), LAST_ANSWERS_MS)
      started.once('close', () => {
        clearTimeout(timer)
        out.end()
        end(problem)
      })
    })
    // It closed its side: the protocol's way for a server to leave (2026-07-28 stdio §Shutdown).
    started.stdout.on('end', () => {
      if (!closing) void stopChild(started)
    })
    // EPIPE and the like: the exit that follows is what counts.
    for (const stream of [started.stdin, started.stdout, started.stderr]) stream.on('error', () => {})
  }

  const transport: StdioTransport = {
    stderr: null,
    get pid() {
      return child?.pid ?? null
    },
    get ran() {
      return ran
    },
    failure: () => failure,
    start() {
      return new Promise((resolve, reject) => {
        const started = startChild(command)
        child = started
        started.once('spawn', () => {
          ran = true
          resolve()
        })
        // The command line may hold secrets: only the code is said.
        started.once('error', (error: NodeJS.ErrnoException) => {
          failure = new TransportError('unreachable', `${host} could not be started (${error.code ?? 'unknown'}).`, undefined, COMMAND_STEP)
          ended = true
          reject(failure)
          transport.onclose?.()
        })
        attach(started)
      })
    },
    send(message) {
      return new Promise((resolve, reject) => {
        if (child === undefined || ended) return reject(new TransportError('closed', `${host} is not running.`))
        if (child.stdin.writableLength > maxMessageBytes)
          return reject(new TransportError('timeout', `${host} does not read what it is sent.`))
        child.stdin.write(toLine(JSON.stringify(message)), (error) => {
          if (!('method' in message) && 'id' in message) inbound.answered(message.id)
          if (!error) return resolve()
          const notRead = (): void => reject(failure ?? new TransportError('closed', `${host} does not read any more.`))
          const timer = setTimeout(notRead, EXIT_FOLLOWS_MS)
          void over.promise.then(() => {
            clearTimeout(timer)
            notRead()
          })
        })
      })
    },
    async close() {
      closing = true
      if (child !== undefined) await stopChild(child)
      end('was stopped')
    },
  }
  return transport
}
