/** What the caller can read (RFC 9110 §12.5.1). Quality values do not matter between two types that we both have. @module */

import type { IncomingMessage } from 'node:http'

export function accepts({ headers }: IncomingMessage, type: 'application/json' | 'text/event-stream'): boolean {
  const { accept } = headers
  return accept === undefined
    ? type === 'application/json'
    : accept.includes(type) || accept.includes('*/*') || accept.includes(`${type.slice(0, type.indexOf('/'))}/*`)
}
