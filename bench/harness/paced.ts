/**
 * Open-loop load: requests are due at evenly spaced moments, whether or not earlier ones have been answered, and a
 * request's latency counts from the moment it was due. So a server that stalls is charged for everybody who waited.
 *
 * Written here because autocannon's `overallRate` sends a second's requests back to back and then rests, which measures
 * bursts at full load and not half of it. Keeps one core busy while it runs, to be on time.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { type Load, spoiled } from './load.ts'
import type { Message } from './messages.ts'
import { percentile } from './statistics.ts'

interface Connection {
  readonly socket: Socket
  /** When the request that it carries was due; undefined while it is free. */
  dueAt: number | undefined
  received: string
}

export async function runPaced(message: Message, connections: number, seconds: number, perSecond: number): Promise<Load> {
  const { hostname, port, pathname } = new URL(message.url)
  const headers = Object.entries({
    host: `${hostname}:${port}`,
    ...message.headers,
    'content-length': String(Buffer.byteLength(message.body)),
  })
  const bytes = Buffer.from(
    `POST ${pathname} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${message.body}`,
  )
  const total = Math.floor(perSecond * seconds)
  const times = new Float64Array(total)
  let answered = 0
  let refused = 0
  let failed = 0
  const free: Connection[] = []
  const all = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))))

  for (const connection of all) {
    connection.socket.on('data', (chunk: string) => {
      connection.received += chunk
      const end = endOfAnswer(connection.received)
      if (end === undefined || connection.dueAt === undefined) return
      if (!connection.received.startsWith('HTTP/1.1 200')) refused++
      if (answered < total) times[answered++] = performance.now() - connection.dueAt
      connection.dueAt = undefined
      connection.received = ''
      free.push(connection)
    })
    connection.socket.on('error', () => failed++)
    connection.socket.on('close', () => {
      if (answered < total) failed++
    })
    free.push(connection)
  }

  const began = performance.now()
  const gap = 1000 / perSecond
  const giveUpAt = began + seconds * 1000 + 10_000
  let sent = 0
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now()
      if (answered >= total || failed > 0 || now > giveUpAt) return resolve()
      while (sent < total && free.length > 0 && began + sent * gap <= now) {
        const connection = free.pop() as Connection
        connection.dueAt = began + sent++ * gap
        connection.socket.write(bytes)
      }
      setImmediate(turn)
    }
    turn()
  })
  const elapsed = (performance.now() - began) / 1000
  for (const { socket } of all) socket.destroy()
  if (answered < total || refused > 0) throw spoiled(sent, Math.max(failed, sent - answered), refused)

  const sorted = times.sort()
  return { requestsPerSecond: total / elapsed, requests: total, p50: percentile(sorted, 50) * 1000, p99: percentile(sorted, 99) * 1000 }
}

function open(host: string, port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host)
    socket.setNoDelay(true).setEncoding('latin1')
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve({ socket, dueAt: undefined, received: '' })
    })
  })
}

/** Where one answer ends: by its `content-length`, or by the last chunk. Undefined while it is incomplete. */
function endOfAnswer(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
  const end = length === undefined ? text.indexOf('0\r\n\r\n', head + 4) + 5 : head + 4 + Number(length)
  return end > head + 4 && text.length >= end ? end : undefined
}
