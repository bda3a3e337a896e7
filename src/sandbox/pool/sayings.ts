/**
 * What a child prints beside its answers, for our log: bounded, a line each, at debug. Never to a caller.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import type { KernelLimit } from './pool.ts'

export interface Sayings {
  /** Of stderr. */
  push(chunk: Buffer): void
  /** A line of stdout that is none of the protocol's. */
  line(text: string): void
  /** Tells what is left: at the end of a job. */
  flush(): void
  /** Why a child that ended by itself has ended, as far as its last words tell. */
  readonly why: 'memory' | KernelLimit | 'crash'
}

/** Of each job. */
const MAX_CHARACTERS = 8192
const MAX_LINES = 50

export function createSayings(name: string, log: Log): Sayings {
  let kept = ''
  let why: Sayings['why'] = 'crash'
  let isUnheard = false
  return {
    push(chunk) {
      const text = chunk.toString('utf8', 0, MAX_CHARACTERS)
      // V8 ends the process where its heap is full: its own words, before its stack.
      if (/FATAL ERROR:.*heap out of memory|Array buffer allocation failed/.test(text)) why = 'memory'
      // Node ends it for an error that nobody listens for, and says which one: of `spawn`, or of a stream to a file.
      isUnheard ||= text.includes("Unhandled 'error' event")
      if (isUnheard && /^Error: spawn .+ EAGAIN$/m.test(text)) why = 'processes'
      if (isUnheard && /^Error: ENOSPC: no space left/m.test(text)) why = 'disk'
      kept = (kept + text).slice(0, MAX_CHARACTERS)
    },
    line(text) {
      kept = `${kept}${text.slice(0, MAX_CHARACTERS)}\n`.slice(0, MAX_CHARACTERS)
    },
    flush() {
      if (kept === '') return
      const lines = kept.split('\n', MAX_LINES)
      kept = ''
      for (const line of lines) if (line !== '') log('debug', `${name}: ${line}`)
    },
    get why() {
      return why
    },
  }
}
