/** A sandbox's way out, as what is inside sees it: one connection at a time, in bytes. @module */

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { silentLog, systemClock } from '../../src/core/index.ts'
import { type Connection, type Destination, parseDestination } from '../../src/sandbox/index.ts'
import { createEgress, type EgressOptions } from '../../src/sandbox/network/proxy.ts'
import { createTempDir } from './paths.ts'
import { until } from './until.ts'

export const KEY = 'a key of this test'

export interface TestEgress extends AsyncDisposable {
  readonly noted: Connection[]
  readonly path: string
  /** A connection to the proxy that has shown its key. */
  dial(key?: string): Socket
  /** Says something and answers all that comes until the end. */
  say(...said: readonly (string | Buffer)[]): Promise<string>
  /** Waits for what is noted `n`th, from 0. */
  note(n?: number): Promise<Connection>
}

type Over = Omit<Partial<EgressOptions>, 'allowed'>

export const destinations = (...written: readonly string[]): readonly Destination[] =>
  written.map((each) => {
    const parsed = parseDestination(each)
    if ('problem' in parsed) throw new Error(`${each} ${parsed.problem}`)
    return parsed
  })

export async function openEgress(allowed: readonly string[], over: Over = {}): Promise<TestEgress> {
  const dir = await createTempDir()
  const noted: Connection[] = []
  const egress = createEgress({
    name: 'test',
    allowed: destinations(...allowed),
    key: KEY,
    note: (connection) => noted.push(connection),
    log: silentLog,
    clock: systemClock,
    ...over,
  })
  const path = join(dir.path, 'proxy')
  await egress.listen(path)
  function dial(key = KEY): Socket {
    const socket = connect({ path, allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write(`${key}\n`)
    return socket
  }
  return {
    noted,
    path,
    dial,
    async say(...said) {
      const socket = dial()
      for (const each of said) socket.write(each)
      return await toEnd(socket)
    },
    async note(n = 0) {
      await until(`connection ${n} is noted`, () => noted.length > n)
      return noted[n] as Connection
    },
    async [Symbol.asyncDispose]() {
      await egress.close()
      await dir[Symbol.asyncDispose]()
    },
  }
}

export async function toEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
  })
  socket.once('end', () => socket.end())
  await once(socket, 'close')
  return text
}

/** What comes until it has been seen. */
export async function readUntil(socket: Socket, what: string | RegExp): Promise<string> {
  let text = ''
  const onData = (bytes: Buffer): void => void (text += bytes.toString('latin1'))
  socket.on('data', onData)
  try {
    await until(`${what} comes`, () => (typeof what === 'string' ? text.includes(what) : what.test(text)) || socket.closed)
  } finally {
    socket.off('data', onData)
  }
  return text
}

export interface Listener extends AsyncDisposable {
  readonly port: number
  /** How many have connected, and what they said. */
  readonly connections: number
  readonly heard: string
}

/** A server of bytes on this machine. It answers what it hears unless told otherwise. */
export async function listen(serve: (socket: Socket) => void = (socket) => void socket.pipe(socket), port = 0): Promise<Listener> {
  let connections = 0
  let heard = ''
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1')
    })
    serve(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as { port: number }
  return {
    port: address.port,
    get connections() {
      return connections
    },
    get heard() {
      return heard
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A name server of the test: each name with its addresses, one list after the other where there are several; the last stays. */
export function names(
  table: Readonly<Record<string, readonly string[]>>,
  ...later: readonly Readonly<Record<string, readonly string[]>>[]
) {
  const turns = [table, ...later]
  let asked = 0
  const lookup: NonNullable<EgressOptions['lookup']> = (host, answer) => {
    const turn = turns[Math.min(asked++, turns.length - 1)] ?? {}
    const addresses = (turn[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (addresses.length === 0) answer(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), [])
    else answer(null, addresses)
  }
  return Object.assign(lookup, { asked: () => asked })
}
