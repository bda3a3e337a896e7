/**
 * The program's own log: on stderr only, a line each, pretty on a terminal and JSON elsewhere. Every value goes
 * through the redactor; no argument, header or credential is ever passed in.
 *
 * @module
 */

import type { Redactor } from './redact/index.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, string | number | boolean | undefined>>) => void

const order: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 }
const marks: Record<Level, string> = { debug: '·', info: '✓', warn: '!', error: '✗' }

export interface LogOptions {
  readonly level: Level | 'silent'
  readonly pretty: boolean
  readonly redactor: Redactor
  readonly write: (line: string) => void
}

export function createLog({ level: least, pretty, redactor, write }: LogOptions): Log {
  return function log(level, message, fields = {}) {
    if (least === 'silent' || order[level] < order[least]) return
    const line = pretty
      ? `${marks[level]} ${[message, ...Object.entries(fields).map(([key, value]) => (value === undefined ? '' : `${key}=${value}`))].filter(Boolean).join('  ')}`
      : JSON.stringify({ ts: new Date().toISOString(), level, msg: message, ...fields })
    // Control characters would let what an upstream says forge lines or drive the terminal.
    write(`${redactor.text(line).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')}\n`)
  }
}

export const silentLog: Log = () => {}
