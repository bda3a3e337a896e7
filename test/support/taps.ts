// What stands between two programs and writes down every byte of both directions: on TCP, and on the pipes of a child process.

import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

export interface TcpTap extends AsyncDisposable {
  /** `url` by way of the tap. */
  readonly url: string
  /** Everything that has passed so far. */
  bytes(): Buffer
}

export async function startTcpTap(to: string): Promise<TcpTap> {
  const target = new URL(to)
  /** One for each direction of each connection: what passes at the same time is not mixed. */
  const streams: Buffer[][] = []
  const sockets = new Set<Socket>()
  const server = createServer((here) => {
    const there = connect(Number(target.port), target.hostname)
    for (const [from, into] of [
      [here, there],
      [there, here],
    ] as const) {
      sockets.add(from)
      const seen: Buffer[] = []
      streams.push(seen)
      from.on('data', (chunk) => {
        seen.push(chunk)
        into.write(from === here ? toTarget(chunk) : chunk)
      })
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  /** A server is served under its own name alone. */
  const toTarget = (chunk: Buffer): Buffer =>
    Buffer.from(chunk.toString('latin1').replaceAll(`\r\nhost: ${url.host}\r\n`, `\r\nhost: ${target.host}\r\n`), 'latin1')
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    bytes: () => Buffer.concat(streams.flatMap((seen) => [...seen, Buffer.from('\n')])),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface StdioTap {
  /** What to start in the place of the program. */
  readonly command: string
  readonly args: readonly string[]
  bytes(): Buffer
}

/** Both streams of every process that is started so go into one file of the folder. */
export function stdioTap(folder: string, name: string, ...args: readonly string[]): StdioTap {
  const file = join(folder, `${name}.tap`)
  writeFileSync(file, '')
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, 'stdio-tap.mjs'), file, process.execPath, ...args],
    bytes: () => readFileSync(file),
  }
}
