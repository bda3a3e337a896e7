/** Where a server in code says what happens, unless it is told otherwise: on stderr, never on stdout, which stdio speaks over. @module */

import { createLog, type Log, type Redactor } from '../core/index.ts'

export function createDefaultLog(redactor: Redactor): Log {
  return createLog({ level: 'info', pretty: process.stderr.isTTY === true, redactor, write: (line) => void process.stderr.write(line) })
}
