/** An answer to a connection that does not become a WebSocket: HTTP, written by hand, since Node has let go of it. @module */

import type { Duplex } from 'node:stream'
import { http } from '../../net/index.ts'
import type { Answer } from '../../pipeline/index.ts'

const PATIENCE_MS = 2_000

export function refuse(socket: Duplex, { status, headers, body = '' }: Answer): void {
  const fields = [
    'Connection',
    'close',
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    // What we would have understood (RFC 6455 §4.4).
    'Sec-WebSocket-Version',
    '13',
    ...headers,
  ]
  let head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n`
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${plain(fields[at + 1] as string)}\r\n`
  socket.end(`${head}\r\n${body}`)
  // Whatever it still says is not kept, and it does not stay.
  socket.resume()
  setTimeout(() => socket.destroy(), PATIENCE_MS).unref()
}

/** Node would refuse what ends a line; here nobody else does. */
const plain = (value: string): string => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')
