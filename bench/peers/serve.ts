/**
 * How a server of the benchmark starts and stops: on a free port of the loopback interface, one line of JSON on stdout
 * once it accepts requests, and gone with its parent, so that a killed benchmark leaves nothing behind.
 *
 * @module
 */

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server tells the harness. */
export interface Ready {
  readonly url: string
  readonly credentials?: Credentials
  /** API keys of several callers, where a measurement needs more than one. */
  readonly keys?: readonly string[]
}

/** The headers of a caller who may call the tool, and of one who is known but may not. Of no use once the server has ended. */
export interface Credentials {
  readonly able: Readonly<Record<string, string>>
  readonly powerless: Readonly<Record<string, string>>
  /** Where each request needs a proof of its own, beside one of these. */
  readonly prove?: (authorization: string) => string
}

export function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => announce({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` }))
}

/** `close`: what has to be put away before it ends. */
export function announce(ready: Ready, close?: () => Promise<void>): void {
  // `exit` and not the signal's default, so that --cpu-prof is written.
  const end = (): void => {
    if (close) void close().finally(() => process.exit(0))
    else process.exit(0)
  }
  process.once('SIGTERM', end)
  process.stdin.resume().once('end', end)
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

/** For servers that cannot choose a free port themselves: the harness hands them one. */
export const givenPort = (): number => {
  const port = Number(process.env['PORT'])
  if (!Number.isInteger(port) || port < 1) throw new Error('PORT is not set')
  return port
}
