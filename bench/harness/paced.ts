/**
 * Open-loop load: requests are due at evenly spaced moments, whether or not earlier ones have been answered, and a
 * request's latency counts from the moment it was due. So a server that stalls is charged for everybody who waited.
 *
 * Written here because autocannon's `overallRate` sends a second's requests back to back and then rests, which measures
 * bursts at full load and not half of it. Latencies are right to a tenth of a millisecond.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { type Load, spoiled } from './load.ts'
import type { Message } from './messages.ts'
import { percentile } from './statistics.ts'

const WARM_UP_SECONDS = 1
const NAP_MS = 0.1
/** Never notified: waiting on it is a sleep of less than a timer's millisecond. */
const nobody = new Int32Array(new SharedArrayBuffer(4))

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
  // Until its own code is compiled the generator is late, which is not the server's doing.
  const unmeasured = Math.floor(perSecond * WARM_UP_SECONDS)
  const total = unmeasured + Math.floor(perSecond * seconds)
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
  const giveUpAt = began + (WARM_UP_SECONDS + seconds) * 1000 + 10_000
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
      // Sleeps less than is noticed rather than spinning: the server needs the core more.
      const untilNext = began + sent * gap - performance.now()
      if (untilNext > NAP_MS / 5) Atomics.wait(nobody, 0, 0, Math.min(NAP_MS, untilNext))
      setImmediate(turn)
    }
    turn()
  })
  const elapsed = (performance.now() - began) / 1000
  for (const { socket } of all) socket.destroy()
  if (answered < total || refused > 0) throw spoiled(sent, Math.max(failed, sent - answered), refused)

  // In the order of the answers, which is that of the requests but for a few.
  const sorted = times.subarray(unmeasured).sort()
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
